import { expect, test } from 'vitest';
import { planDrain, splitPlans } from '../../../../../cluster/resharding/plan/plan-moves.ts';
import { RefusedError } from '../../../../../cluster/resharding/plan/refused-error.ts';
import {
  withAbort,
  withDraining,
  withMoves,
  withoutDraining,
  withoutId,
  withoutShard,
  withShard,
} from '../../../../../cluster/resharding/plan/view-changes.ts';
import { decodeView, encodeView, initialView, type View } from '../../../../../sharder/core/view.ts';

const shard = (id: number) => ({ id, endpoints: [`shard-${id}:2379`] });
const view = initialView([shard(1), shard(2), shard(3)]);
const after = (changed: Omit<View, 'epoch'> | null): View => ({
  ...view,
  ...changed!,
  epoch: view.epoch + 1,
});

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof RefusedError) return error.code;
    throw error;
  }
  return 'none';
}

test('an id is never used twice, not even after its shard has left', () => {
  const grown = after(withShard(view, shard(4)));
  const shrunk = after(withoutShard(after(withDraining(grown, 4)), 4));
  expect(shrunk.shards.map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(refusal(() => withShard(shrunk, shard(4)))).toBe('shard-id');
  expect(after(withShard(shrunk, shard(5))).nextShard).toBe(6);
});

test('a shard that is given up before it has joined cannot join, and the next one has another id', () => {
  const spent = after(withoutId(view, 4));
  expect(spent.shards).toEqual(view.shards);
  expect(refusal(() => withShard(spent, shard(4)))).toBe('shard-id');
  expect(after(withShard(spent, shard(5))).nextShard).toBe(6);
  expect(withoutId(spent, 4)).toBe(null);
  expect(withoutId(after(withShard(view, shard(4))), 4)).toBe(null);
});

test('the home shard stays, and so does a shard that has slots', () => {
  expect(refusal(() => withDraining(view, 1))).toBe('home-shard');
  expect(refusal(() => withoutShard(view, 1))).toBe('home-shard');
  expect(refusal(() => withoutShard(view, 2))).toBe('shard-in-use');
  expect(refusal(() => withoutShard(after(withDraining(view, 2)), 2))).toBe('shard-in-use');
  expect(refusal(() => withDraining(view, 9))).toBe('unknown-shard');
});

test('a shard that was to leave and is to stay takes slots again, and is not forgotten', () => {
  const grown = after(withShard(view, shard(4)));
  const kept = after(withoutDraining(after(withDraining(grown, 4)), 4));
  expect(kept.shards).toEqual(grown.shards);
  expect(refusal(() => withMoves(kept, [{ slots: [0], from: 1, to: 4 }]))).toBe('none');
  expect(refusal(() => withoutShard(kept, 4))).toBe('shard-in-use');
  // Another mark that is on its way has to find another view.
  expect(withoutDraining(kept, 4)).toEqual(kept);
  expect(withoutDraining(kept, 9)).toBe(null);
});

test('a slot is in one move at a time, from where it is, to a shard that takes slots', () => {
  const plan = { slots: [0, 1], from: 1, to: 2 };
  const moving = after(withMoves(view, [plan]));
  expect(moving.moves).toEqual([{ id: '2.0', slots: [0, 1], from: 1, to: 2, abort: false }]);
  expect(refusal(() => withMoves(moving, [{ ...plan, slots: [1] }]))).toBe('slots-in-move');
  expect(refusal(() => withMoves(view, [{ ...plan, from: 3 }]))).toBe('stale-plan');
  expect(refusal(() => withMoves(view, [{ ...plan, to: 1 }]))).toBe('bad-plan');
  expect(refusal(() => withMoves(after(withDraining(view, 2)), [plan]))).toBe('shard-draining');
});

test('a move whose slots the view has given away is not undone', () => {
  const moving = after(withMoves(view, [{ slots: [5], from: 1, to: 2 }]));
  expect(after(withAbort(moving, '2.0')).moves[0]!.abort).toBe(true);
  const slots = moving.slots.with(5, 2);
  expect(refusal(() => withAbort({ ...moving, slots }, '2.0'))).toBe('move-committed');
});

test('a view with moves and a draining shard comes back from its bytes as it was', () => {
  const moving = after(withMoves(after(withDraining(view, 3)), [{ slots: [7, 8, 11], from: 1, to: 2 }]));
  expect(decodeView(encodeView(moving))).toEqual(moving);
});

test('draining a shard moves its slots and no others, evenly, in moves of neighbours that are short enough', () => {
  const plans = planDrain(view, 2);
  const slots = plans.flatMap((plan) => plan.slots);
  expect(new Set(slots)).toEqual(new Set(view.slots.flatMap((id, slot) => (id === 2 ? [slot] : []))));
  const sizes = plans.map((plan) => plan.slots.length);
  expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
  for (const { slots: part } of splitPlans(plans, 16)) {
    expect(part.length).toBeLessThanOrEqual(16);
    expect(part.at(-1)! - part[0]!).toBe(part.length - 1);
  }
});
