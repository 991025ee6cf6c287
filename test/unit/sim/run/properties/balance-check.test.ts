/** The judge of balances counts on its own, and finds what is wrong with plans that are. */
import { expect, test } from 'vitest';
import { planBalance } from '../../../../../cluster/resharding/plan/plan-moves.ts';
import type { MovePlan } from '../../../../../cluster/resharding/plan/move-plan.ts';
import { initialView, type View } from '../../../../../sharder/core/view.ts';
import { wrongBalance } from '../../../../../sim/run/properties/balance-check.ts';

const three = initialView([1, 2, 3].map((id) => ({ id, endpoints: [`etcd-${id}:2379`] })));
const four: View = {
  ...three,
  shards: [...three.shards, { id: 4, endpoints: ['etcd-4:2379'] }],
  nextShard: 5,
};
const loads = three.slots.map((_, slot) => (slot < 400 ? slot % 7 : 1));

test.each([
  { by: 'slots', goal: {} },
  { by: 'weights', goal: { weights: new Map([[1, 3]]) } },
  { by: 'loads', goal: { loads } },
])('what is planned by $by is right', ({ goal }) => {
  expect(wrongBalance(four, planBalance(four, goal), goal)).toBeNull();
});

const plans = planBalance(four, {});
const planned = new Set(plans.flatMap(({ slots }) => slots));
const staying = four.slots.findIndex((id, slot) => id === 3 && !planned.has(slot));
const [first, ...others] = plans as [MovePlan, ...MovePlan[]];
test.each<[string, readonly MovePlan[], string]>([
  ['nothing moves', [], 'shard 1 has 342 slots, and its share is 256'],
  ['one slot less', [{ ...first, slots: first.slots.slice(1) }, ...others], 'shard 1 has 257 slots'],
  ['to nobody', [{ ...first, to: 9 }, ...others], 'a plan gives slots to shard 9, which takes none'],
  ['from elsewhere', [{ ...first, from: 3 }, ...others], 'is not at shard 3'],
  ['in a circle', [...plans, { slots: [staying], from: 3, to: 2 }], 'shard 2 gives slots and gets others'],
])('%s', (_name, wrong, why) => {
  expect(wrongBalance(four, wrong, {})).toContain(why);
});

test('loads that are left uneven are found, and slots without load that move', () => {
  expect(wrongBalance(four, [], { loads })).toContain('could go to shard 4');
  const zeros = three.slots.map((_, slot) => (slot === 0 ? 0 : 1));
  const balanced = planBalance(four, { loads: zeros });
  expect(wrongBalance(four, [...balanced, { slots: [0], from: 1, to: 4 }], { loads: zeros })).toBe(
    'a slot without load moves',
  );
});
