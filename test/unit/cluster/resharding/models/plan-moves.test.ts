/** Plans of any view, against what a look at the whole table says that they must come to. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MovePlan } from '../../../../../cluster/resharding/plan/move-plan.ts';
import {
  planBalance,
  planDrain,
  planJoins,
  splitPlans,
} from '../../../../../cluster/resharding/plan/plan-moves.ts';
import type { MoveRecord, View } from '../../../../../sharder/core/view.ts';

const slotCount = 48;

/** A view of few slots: the plans do not depend on how many there are. */
const views: fc.Arbitrary<View> = fc
  .record({
    ids: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
    draining: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
    owners: fc.array(fc.nat(4), { minLength: slotCount, maxLength: slotCount }),
    isInRuns: fc.boolean(),
    moves: fc.array(
      fc.record({
        slots: fc.uniqueArray(fc.nat(slotCount - 1), { minLength: 1, maxLength: 4 }),
        to: fc.nat(4),
        abort: fc.boolean(),
      }),
      { maxLength: 3 },
    ),
  })
  .map(({ ids, draining, owners, isInRuns, moves: drawn }): View => {
    const slots = (isInRuns ? owners.toSorted((a, b) => a - b) : owners).map(
      (owner) => ids[owner % ids.length]!,
    );
    const moving = new Set<number>();
    const moves: MoveRecord[] = [];
    for (const [index, { slots: wanted, to, abort }] of drawn.entries()) {
      const from = slots[wanted[0]!]!;
      const taken = wanted
        .filter((slot) => slots[slot] === from && !moving.has(slot))
        .toSorted((a, b) => a - b);
      const target = ids[to % ids.length]!;
      if (taken.length === 0 || target === from) continue;
      for (const slot of taken) moving.add(slot);
      moves.push({ id: `m${index}`, slots: taken, from, to: target, abort });
    }
    const shards = ids.map((id, index) => ({
      id,
      endpoints: [`shard-${id}:2379`],
      ...(index > 0 && draining[index] ? { state: 'draining' as const } : {}),
    }));
    return { epoch: 1, shards, slots, moves, nextShard: 10 };
  });

const takers = (view: View) => view.shards.filter(({ state }) => state !== 'draining').map(({ id }) => id);
const movingSlots = (view: View) => new Set(view.moves.flatMap(({ slots }) => slots));

/** Where slots will be when the moves that are under way have ended. */
function settled(view: View): number[] {
  return view.slots.map(
    (owner, slot) => view.moves.find(({ slots, abort }) => !abort && slots.includes(slot))?.to ?? owner,
  );
}

/** Carries out plans, each of which must say the truth about where its slots are. */
function after(view: View, plans: readonly MovePlan[]): number[] {
  const table = settled(view);
  for (const { slots, from, to } of plans) {
    expect(slots).toEqual(slots.toSorted((a, b) => a - b));
    expect(slots.length).toBeGreaterThan(0);
    expect(to).not.toBe(from);
    for (const slot of slots) {
      expect(table[slot]).toBe(from);
      expect(movingSlots(view).has(slot)).toBe(false);
      table[slot] = to;
    }
  }
  return table;
}

const countOf = (table: readonly number[], id: number) => table.filter((owner) => owner === id).length;
const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

test('a balance gives each shard its share, as far as slots under way let it, and moves no slot for nothing', () => {
  const weights = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(views, fc.option(weights), (view, drawn) => {
      const ids = takers(view);
      const weightOf = (id: number) => drawn?.[id - 1] ?? 1;
      if (sum(ids.map(weightOf)) === 0) return;
      const named = new Map(view.shards.map(({ id }) => [id, weightOf(id)]));
      const plans = planBalance(view, drawn === null ? {} : { weights: named });
      const before = settled(view);
      const table = after(view, plans);
      const fixed = movingSlots(view);
      const isFree = (slot: number) => !fixed.has(slot);
      const exact = new Map(ids.map((id) => [id, (slotCount * weightOf(id)) / sum(ids.map(weightOf))]));
      for (const id of ids) {
        const has = countOf(table, id);
        const stuck = before.filter((owner, slot) => owner === id && !isFree(slot)).length;
        // The share is a whole number beside the exact one; more than that has only who cannot give it away.
        expect(has).toBeLessThanOrEqual(Math.max(stuck, Math.ceil(exact.get(id)!)));
        if (fixed.size === 0) expect(has).toBeGreaterThanOrEqual(Math.floor(exact.get(id)!));
        // Nobody both gives and takes.
        const gave = before.some((owner, slot) => owner === id && table[slot] !== id);
        const took = table.some((owner, slot) => owner === id && before[slot] !== id);
        expect(gave && took).toBe(false);
      }
      // Who leaves, or must not have any, keeps nothing that can go.
      expect(table.filter((owner, slot) => isFree(slot) && !ids.includes(owner))).toEqual([]);
      if (drawn === null && fixed.size === 0) {
        const counts = ids.map((id) => countOf(table, id)).toSorted((a, b) => b - a);
        expect(counts[0]! - counts.at(-1)!).toBeLessThanOrEqual(1);
        // As few as possible: the largest shares stay with those that hold most.
        const held = ids.map((id) => countOf(before, id)).toSorted((a, b) => b - a);
        const stay = sum(held.map((count, index) => Math.min(count, counts[index]!)));
        expect(sum(plans.map(({ slots }) => slots.length))).toBe(slotCount - stay);
      }
      expect(new Set(plans.map(({ from, to }) => `${from} ${to}`)).size).toBe(plans.length);
    }),
    { numRuns: 200 },
  );
});

test('a drain takes everything from one shard, gives it to those that have least, and neighbours to one', () => {
  fc.assert(
    fc.property(views, fc.nat(4), (view, drawn) => {
      const { id } = view.shards[drawn % view.shards.length]!;
      const others = takers(view).filter((other) => other !== id);
      if (others.length === 0) {
        expect(() => planDrain(view, id)).toThrow(`shard ${id} is the only one that takes slots`);
        return;
      }
      const before = settled(view);
      const table = after(view, planDrain(view, id));
      const isMoving = (slot: number) => movingSlots(view).has(slot);
      for (const [slot, owner] of before.entries())
        if (owner !== id || isMoving(slot)) expect(table[slot]).toBe(owner);
        else expect(others).toContain(table[slot]);
      if (movingSlots(view).size > 0) return;
      const counts = new Map(others.map((other) => [other, countOf(before, other)]));
      for (let left = countOf(before, id); left > 0; left--) {
        const least = others.toSorted((a, b) => counts.get(a)! - counts.get(b)!)[0]!;
        counts.set(least, counts.get(least)! + 1);
      }
      for (const other of others) expect(countOf(table, other)).toBe(counts.get(other));
      const given = table.filter((_, slot) => before[slot] === id);
      const changes = given.filter((owner, index) => index > 0 && given[index - 1] !== owner);
      expect(changes.length).toBeLessThan(Math.max(1, new Set(given).size));
    }),
    { numRuns: 200 },
  );
});

test('shards that join are each balanced before the next', () => {
  fc.assert(
    fc.property(views, fc.integer({ min: 1, max: 3 }), (view, count) => {
      const { shards, plans } = planJoins(view, count);
      expect(shards).toEqual(Array.from({ length: count }, (_, index) => 10 + index));
      const calm = { ...view, slots: settled(view), moves: [] };
      const table = after(calm, plans);
      const ids = [...takers(view), ...shards];
      const counts = ids.map((id) => countOf(table, id));
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(sum(counts)).toBe(slotCount);
    }),
    { numRuns: 100 },
  );
});

test('plans are cut into as few runs of neighbours as there can be', () => {
  const plan = fc.record({
    slots: fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 25 }),
    from: fc.constantFrom(1, 2),
    to: fc.constantFrom(3, 4),
  });
  fc.assert(
    fc.property(fc.array(plan, { maxLength: 3 }), fc.integer({ min: 1, max: 6 }), (plans, most) => {
      const parts = splitPlans(plans, most);
      const whole = ({ slots, from, to }: MovePlan) => slots.map((slot) => `${slot} ${from} ${to}`);
      expect(parts.flatMap(whole).toSorted()).toEqual(plans.flatMap(whole).toSorted());
      let fewest = 0;
      for (const { slots } of plans) {
        const holds = new Set(slots);
        let length = 0;
        for (let at = 0; at <= 31; at++) {
          if (holds.has(at)) length++;
          else {
            fewest += Math.ceil(length / most);
            length = 0;
          }
        }
      }
      expect(parts).toHaveLength(fewest);
      for (const { slots } of parts) {
        expect(slots.length).toBeLessThanOrEqual(most);
        expect(slots).toEqual(slots.map((_, index) => slots[0]! + index));
      }
    }),
    { numRuns: 100 },
  );
});
