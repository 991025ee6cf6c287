import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decodeFence,
  encodeFence,
  type FenceRecord,
  initialFence,
  type SlotState,
} from '../../../sharder/core/fence.ts';
import { SLOT_COUNT } from '../../../sharder/core/slot.ts';
import { decodeView, encodeView, initialView } from '../../../sharder/core/view.ts';

const shards = [1, 2, 5].map((id) => ({ id, endpoints: [`127.0.0.1:${2379 + id}`] }));
const encoder = new TextEncoder();

test('a view comes back from its bytes as it was', () => {
  const view = { ...initialView(shards), epoch: 7 };
  expect(decodeView(encodeView(view))).toEqual(view);
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
  const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 100 }), state), { maxLength: 30 });
  fc.assert(
    fc.property(count, count, runs, (shard, epoch, lengths) => {
      const slots: (SlotState | undefined)[] = lengths.flatMap(([length, value]) =>
        Array.from({ length }, () => value),
      );
      slots.length = SLOT_COUNT;
      const record: FenceRecord = { shard, epoch, slots: Array.from(slots) };
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
