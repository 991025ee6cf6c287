import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFence,
  decodeFenceOf,
  encodeFence,
  fenceKey,
  type FenceRecord,
  initialFence,
  type SlotState,
} from '../../../sharder/core/fence.ts';
import { withAbort, withDraining, withoutDraining } from '../../../cluster/resharding/plan/view-changes.ts';
import { SLOT_COUNT } from '../../../sharder/core/slot.ts';
import { decodeView, encodeView, initialView } from '../../../sharder/core/view.ts';

const shards = [1, 2, 5].map((id) => ({ id, endpoints: [`127.0.0.1:${2379 + id}`] }));
const encoder = new TextEncoder();

test('a view comes back from its bytes as it was', () => {
  const view = { ...initialView(shards), epoch: 7 };
  expect(decodeView(encodeView(view))).toEqual(view);
});

test('a view with identities comes back as it was, whatever else is changed in it', () => {
  const identity = '0123456789abcdef';
  const view = initialView(shards.map((shard) => ({ ...shard, identity })));
  expect(decodeView(encodeView(view))).toEqual(view);
  const draining = withDraining(view, 2)!;
  expect(draining.shards[1]).toMatchObject({ identity, state: 'draining' });
  expect(withoutDraining({ ...view, shards: draining.shards }, 2)!.shards).toEqual(view.shards);
});

test('records of before there were identities are read, and written, as they were', () => {
  const viewText =
    '{"format":1,"epoch":7,"shards":[{"id":1,"endpoints":["a:1"]}],"slots":[[0,1023,1]],"moves":[],"nextShard":2}';
  const view = decodeView(encoder.encode(viewText));
  expect(view.shards).toEqual([{ id: 1, endpoints: ['a:1'] }]);
  expect(new TextDecoder().decode(encodeView(view))).toBe(viewText);
  const fenceText =
    '{"format":1,"shard":1,"epoch":7,"slots":[[0,1023,{"kind":"owned","epoch":1,"versionOffset":0}]]}';
  const record = decodeFenceOf(view.shards[0]!, encoder.encode(fenceText));
  expect(fenceKey(record)).toBe('vase/shard');
  expect(new TextDecoder().decode(encodeFence(record))).toBe(fenceText);
});

test('what a later version has written into a record is there after this one has changed it', () => {
  const viewText =
    '{"quorums":"later","format":1,"epoch":7,"shards":[{"zone":"later","id":1,"endpoints":["a:1"]},{"id":2,"endpoints":["a:2"],' +
    '"state":"draining","zone":"b"}],"slots":[[0,1023,1]],"moves":[{"pace":"later","id":"7.0","slots":[[0,3]],"from":1,"to":2,' +
    '"abort":false}],"nextShard":3}';
  const view = decodeView(encoder.encode(viewText));
  const changed = withAbort(withoutDraining(withDraining({ ...view, epoch: 8 }, 2) ?? view, 2)!, '7.0')!;
  const raw = JSON.parse(new TextDecoder().decode(encodeView(changed)));
  expect(raw).toMatchObject({ quorums: 'later', moves: [{ pace: 'later', abort: true }] });
  expect(raw.shards).toEqual([
    { zone: 'later', id: 1, endpoints: ['a:1'] },
    { zone: 'b', id: 2, endpoints: ['a:2'] },
  ]);
  const fenceText = '{"seal":[1,2],"format":1,"shard":1,"epoch":7,"slots":[]}';
  const record = decodeFence(encoder.encode(fenceText));
  const fence = JSON.parse(new TextDecoder().decode(encodeFence({ ...record, epoch: 8 })));
  expect(fence).toEqual({ seal: [1, 2], format: 1, shard: 1, epoch: 8, slots: [] });
});

test('the first fences own each slot exactly once', () => {
  const view = initialView(shards);
  const fences = shards.map(({ id }) => initialFence(view, id));
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    expect(fences.filter(({ slots }) => slots[slot]?.kind === 'owned')).toHaveLength(1);
  }
});

test('any fence record comes back from its bytes as it was', () => {
  const count = fc.nat({ max: 2 ** 40 });
  const state = fc.oneof(
    fc.constant(undefined),
    fc.record({ kind: fc.constant('owned' as const), epoch: count, versionOffset: count }),
    fc.record({
      kind: fc.constant('importing' as const),
      move: fc.string({ minLength: 1 }),
      attempt: fc.nat(),
    }),
    fc.record({
      kind: fc.constant('frozen' as const),
      epoch: count,
      versionOffset: count,
      move: fc.string({ minLength: 1 }),
      to: count,
    }),
    fc.record({ kind: fc.constant('moved' as const), epoch: count, to: count }),
  );
  const identities = fc.constantFrom(undefined, '0123456789abcdef');
  const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), state), { maxLength: 30 });
  fc.assert(
    fc.property(count, identities, count, runs, (shard, identity, epoch, lengths) => {
      const slots: (SlotState | undefined)[] = lengths.flatMap(([length, value]) =>
        Array.from({ length }, () => value),
      );
      slots.length = SLOT_COUNT;
      const record: FenceRecord = { shard, identity, epoch, slots: Array.from(slots) };
      expect(decodeFence(encodeFence(record))).toEqual(record);
    }),
  );
});

test.each([
  ['not JSON', '{'],
  ['another format', '{"format":2}'],
  [
    'a slot without a shard',
    '{"format":1,"epoch":1,"shards":[{"id":1,"endpoints":["a:1"]}],"slots":[[0,1022,1]]}',
  ],
  ['an unknown shard', '{"format":1,"epoch":1,"shards":[{"id":1,"endpoints":["a:1"]}],"slots":[[0,1023,2]]}'],
  [
    'overlapping runs',
    '{"format":1,"epoch":1,"shards":[{"id":1,"endpoints":["a:1"]}],"slots":[[0,9,1],[9,1023,1]]}',
  ],
  [
    'a shard without endpoints',
    '{"format":1,"epoch":1,"shards":[{"id":1,"endpoints":[]}],"slots":[[0,1023,1]]}',
  ],
  [
    'one with an identity that is none',
    '{"format":1,"epoch":1,"shards":[{"id":1,"endpoints":["a:1"],"identity":"1/2"}],"slots":[[0,1023,1]]}',
  ],
])('a view that is %s is refused', (_what, text) => {
  expect(() => decodeView(encoder.encode(text))).toThrow();
});

test.each([
  ['of an unknown state', '{"format":1,"shard":1,"epoch":1,"slots":[[0,1,{"kind":"lent"}]]}'],
  ['owned without an offset', '{"format":1,"shard":1,"epoch":1,"slots":[[0,1,{"kind":"owned","epoch":1}]]}'],
  ['out of range', '{"format":1,"shard":1,"epoch":1,"slots":[[0,1024,{"kind":"moved","epoch":1,"to":2}]]}'],
])('a fence record with slots %s is refused', (_what, text) => {
  expect(() => decodeFence(encoder.encode(text))).toThrow();
});

test('a record that nobody could read again is not written', () => {
  const record = initialFence(initialView(shards), 1);
  const withOffset = (versionOffset: number) =>
    encodeFence({ ...record, slots: [{ kind: 'owned', epoch: 1, versionOffset }] });
  for (const offset of [Number.NaN, Infinity, -1, 0.5])
    expect(() => withOffset(offset)).toThrow('the state of slot 0 is no state');
  expect(decodeFence(withOffset(7)).slots[0]).toEqual({ kind: 'owned', epoch: 1, versionOffset: 7 });
});
