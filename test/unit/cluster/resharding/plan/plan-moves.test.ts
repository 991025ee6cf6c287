import { expect, test } from 'vitest';
import { planBalance, planJoins } from '../../../../../cluster/resharding/plan/plan-moves.ts';
import { initialView } from '../../../../../sharder/core/view.ts';

const view = initialView([1, 2, 3].map((id) => ({ id, endpoints: [`shard-${id}:2379`] })));

test('weights of shards that do not exist, and weights that leave no shard a slot, are refused', () => {
  const plan = (weights: [number, number][], loads?: number[]) =>
    planBalance(view, { weights: new Map(weights), ...(loads === undefined ? {} : { loads }) });
  const all: [number, number][] = [
    [1, 0],
    [2, 0],
    [3, 0],
  ];
  expect(() => plan([[4, 1]])).toThrow('there is no shard 4');
  expect(() => plan(all)).toThrow('some shard that stays must have a share above 0');
  expect(() =>
    plan(
      all,
      view.slots.map(() => 1),
    ),
  ).toThrow('some shard that stays must have a share above 0');
  expect(plan(all.slice(1)).map(({ to }) => to)).toEqual([1, 1]);
});

test('a share of a shard that leaves is of no help', () => {
  const [first, second, third] = view.shards;
  const shrinking = { ...view, shards: [first!, second!, { ...third!, state: 'draining' as const }] };
  const weights = new Map([
    [1, 0],
    [2, 0],
  ]);
  expect(() => planBalance(shrinking, { weights })).toThrow('some shard that stays');
});

test('shards that join one after the other are planned as they come: each takes its share before the next is there', () => {
  const { shards, plans } = planJoins(view, 2);
  expect(shards).toEqual([4, 5]);
  const slots = [...view.slots];
  for (const plan of plans)
    for (const slot of plan.slots) {
      expect(slots[slot]).toBe(plan.from);
      slots[slot] = plan.to;
    }
  const counts = [1, 2, 3, 4, 5].map((id) => slots.filter((owner) => owner === id).length);
  expect(counts.toSorted((a, b) => a - b)).toEqual([204, 205, 205, 205, 205]);
  const moved = plans.reduce((sum, plan) => sum + plan.slots.length, 0);
  expect(moved).toBe(256 + 204);
  // What the first took goes on to the second.
  expect(plans.some(({ from, to }) => from === 4 && to === 5)).toBe(true);
});
