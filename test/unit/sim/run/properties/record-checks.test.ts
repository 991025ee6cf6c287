/** What the fields of the records must be: each field that is wrong is named. */
import { expect, test } from 'vitest';
import type { SlotState } from '../../../../../sharder/core/fence.ts';
import { initialFence } from '../../../../../sharder/core/fence.ts';
import { initialView, type MoveRecord, type View } from '../../../../../sharder/core/view.ts';
import {
  type SlotChange,
  wrongField,
  wrongRecord,
  wrongView,
} from '../../../../../sim/run/properties/record-checks.ts';

const move: MoveRecord = { id: '2.0', slots: [5], from: 1, to: 2, abort: false };
const owned: SlotState = { kind: 'owned', epoch: 3, versionOffset: 7 };
const frozen: SlotState = { kind: 'frozen', epoch: 3, versionOffset: 7, move: '2.0', to: 2 };
const importing: SlotState = { kind: 'importing', move: '2.0', attempt: 11 };

test.each<[string, Pick<SlotChange, 'shard' | 'from' | 'to' | 'source'>, string | null]>([
  ['a claim', { shard: 2, from: undefined, to: importing, source: owned }, null],
  [
    'a claim of another attempt',
    { shard: 2, from: undefined, to: { ...importing, attempt: 10 }, source: owned },
    'its attempt is 10, not 11',
  ],
  [
    'a claim elsewhere',
    { shard: 3, from: undefined, to: importing, source: owned },
    'its destination is 3, not 2',
  ],
  ['a stop', { shard: 1, from: owned, to: frozen, source: owned }, null],
  [
    'a stop with another destination',
    { shard: 1, from: owned, to: { ...frozen, to: 3 }, source: owned },
    'its to is 3, not 2',
  ],
  [
    'a stop that forgets versions',
    { shard: 1, from: owned, to: { ...frozen, versionOffset: 0 }, source: owned },
    'its versionOffset is 0, not 7',
  ],
  [
    'an owner',
    { shard: 2, from: importing, to: { kind: 'owned', epoch: 4, versionOffset: 99 }, source: frozen },
    null,
  ],
  [
    'an owner of the same epoch',
    { shard: 2, from: importing, to: { kind: 'owned', epoch: 3, versionOffset: 99 }, source: frozen },
    'its epoch is 3, not 4',
  ],
  [
    'slots that are taken back',
    { shard: 1, from: frozen, to: { kind: 'owned', epoch: 4, versionOffset: 7 }, source: frozen },
    null,
  ],
  [
    'a tombstone that points elsewhere',
    { shard: 1, from: frozen, to: { kind: 'moved', epoch: 4, to: 3 }, source: frozen },
    'its to is 3, not 2',
  ],
  [
    'a claim that is given up',
    { shard: 2, from: importing, to: { kind: 'moved', epoch: 3, to: 1 }, source: owned },
    null,
  ],
  [
    'a claim that is given up with an epoch to come',
    { shard: 2, from: importing, to: { kind: 'moved', epoch: 4, to: 1 }, source: owned },
    'its epoch is 4, above 3 of the source',
  ],
])('%s', (_name, change, wrong) => {
  expect(wrongField({ ...change, move, before: 11 })).toBe(wrong);
});

test('a record has the epoch of its newest slot, and a first one the versions of etcd', () => {
  const view = initialView([{ id: 1, endpoints: ['etcd-1:2379'] }]);
  const record = initialFence(view, 1);
  expect(wrongRecord(null, record)).toBeNull();
  expect(wrongRecord(null, { ...record, slots: [owned] })).toMatch(/^it begins with/);
  expect(wrongRecord(record, { ...record, epoch: 3, slots: [owned] })).toBeNull();
  expect(wrongRecord(record, { ...record, slots: [owned] })).toBe('its epoch is 1, not 3');
});

test('a view changes as views do', () => {
  const before = initialView([1, 2].map((id) => ({ id, endpoints: [`etcd-${id}:2379`] })));
  const next = (change: Partial<View>): View => ({ ...before, epoch: 2, ...change });
  const begun = next({ moves: [move] });
  expect(wrongView(before, begun)).toBeNull();
  expect(wrongView(before, next({ moves: [{ ...move, id: '1.0' }] }))).toBe('move 1.0: it is new at epoch 2');
  expect(wrongView(before, next({ moves: [{ ...move, from: 2, to: 1 }] }))).toMatch(/not all of its slots/);
  expect(wrongView(before, next({ nextShard: 2 }))).toBe('nextShard falls from 3 to 2');
  const undone = { ...begun, moves: [{ ...move, abort: true }] };
  expect(wrongView(begun, undone)).toBeNull();
  expect(wrongView(undone, begun)).toBe('move 2.0: it is not to be undone any more');
  expect(wrongView(begun, { ...begun, moves: [{ ...move, to: 1 }] })).toBe('move 2.0: it is another one');
});
