import { expect, test } from 'vitest';
import { planBalance } from '../../../../../cluster/viewserver/pure/plan-moves.ts';
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
