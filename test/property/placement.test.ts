/** Placement: total, stable, balanced, and with the fewest moves when a shard comes or goes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { balanceSlots } from '../../cluster/resharding/plan/balance-slots.ts';
import { dealSlots, SLOT_COUNT, slotOf } from '../../sharder/core/slot.ts';
import { hashText } from '../../sharder/hash.ts';

const shardIds = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 });

function countsOf(table: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of table) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const movesBetween = (from: readonly number[], to: readonly number[]) =>
  from.filter((id, slot) => id !== to[slot]).length;

test('every key has one slot, and always the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (key) => {
      const slot = slotOf(key, hashText);
      expect(Number.isInteger(slot) && slot >= 0 && slot < SLOT_COUNT).toBe(true);
      expect(slotOf(key, hashText)).toBe(slot);
    }),
    { numRuns: 5000 },
  );
});

test('whatever the table was, balancing it gives each shard its even share', () => {
  fc.assert(
    fc.property(
      shardIds,
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: SLOT_COUNT, maxLength: SLOT_COUNT }),
      (ids, table) => {
        const counts = countsOf(balanceSlots(table, ids));
        expect([...counts.keys()].every((id) => ids.includes(id))).toBe(true);
        const sizes = ids.map((id) => counts.get(id) ?? 0);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      },
    ),
  );
});

test('a balanced table stays as it is', () => {
  fc.assert(
    fc.property(shardIds, (ids) => {
      const table = dealSlots(ids);
      expect(balanceSlots(table, ids)).toEqual(table);
    }),
  );
});

test('a shard that is added takes its share from the others and nothing else moves; taken away, it gives it back', () => {
  fc.assert(
    fc.property(shardIds, (ids) => {
      const before = dealSlots(ids);
      const after = balanceSlots(before, [...ids, 2000]);
      const share = countsOf(after).get(2000) ?? 0;
      expect(movesBetween(before, after)).toBe(share);
      expect(share).toBeLessThanOrEqual(Math.ceil(SLOT_COUNT / (ids.length + 1)));
      const again = balanceSlots(after, ids);
      expect(movesBetween(after, again)).toBe(share);
    }),
  );
});

test('no table that is as balanced needs fewer moves: the plan against brute force on small tables', () => {
  const small = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(small, fc.constantFrom([1, 2], [1, 2, 3], [2, 4], [1, 2, 3, 4]), (table, ids) => {
      expect(movesBetween(table, balanceSlots(table, ids))).toBe(fewestMoves(table, ids));
    }),
  );
});

/** Tries every table. */
function fewestMoves(table: readonly number[], ids: readonly number[]): number {
  let fewest = Infinity;
  for (let code = 0; code < ids.length ** table.length; code++) {
    const candidate = table.map((_, slot) => ids[Math.floor(code / ids.length ** slot) % ids.length]!);
    const sizes = ids.map((id) => candidate.filter((each) => each === id).length);
    if (Math.max(...sizes) - Math.min(...sizes) <= 1)
      fewest = Math.min(fewest, movesBetween(table, candidate));
  }
  return fewest;
}
