import { expect, test } from 'vitest';
import { findHotSlots, placementOf } from '../../../../../cluster/resharding/plan/hot-slots.ts';
import { SLOT_COUNT } from '../../../../../sharder/core/slot.ts';
import { initialView } from '../../../../../sharder/core/view.ts';

/** Shard 1 has the lower half of the slots, shard 2 the upper one. */
const view = initialView([1, 2].map((id) => ({ id, endpoints: ['h:1'] })));

/** Operations by slot: one of each, and besides those that are given. */
function loads(hot: Record<number, number>, each = 1): number[] {
  return Array.from({ length: SLOT_COUNT }, (_, slot) => each + (hot[slot] ?? 0));
}

function judge(hot: Record<number, number>, each = 1) {
  const found = findHotSlots(view, loads(hot, each));
  return found && { ...found, placement: placementOf(found.hot) };
}

test('without operations there is nothing to say', () => {
  expect(judge({}, 0)).toBeNull();
});

test('an even load stays where it is', () => {
  expect(judge({})).toMatchObject({ placement: 'even', plans: [], hot: { share: 0.5, moved: 0 } });
});

test('two hot slots of one shard: one of them goes to the other shard', () => {
  const found = judge({ 600: 10_000, 700: 10_000 });
  expect(found).toMatchObject({ placement: 'move', hot: { shard: 2 } });
  expect(found?.hot.slots.slice(0, 2).map(({ slot }) => slot)).toEqual([600, 700]);
  expect(found?.hot.share).toBeGreaterThan(0.95);
  expect(found?.hot.shareAfter).toBeLessThan(0.55);
  const moved = found?.plans.flatMap(({ slots, from, to }) => slots.map((slot) => [slot, from, to])) ?? [];
  expect(moved.filter(([slot]) => slot === 600 || slot === 700)).toHaveLength(1);
  expect(moved.length).toBeLessThan(10);
});

test('one slot that holds most of the load is one key, whatever could be moved beside it', () => {
  expect(judge({ 600: 100_000 })?.placement).toBe('one-key');
});

test('slots that are on their way are not planned again', () => {
  const move = { id: '7.0', slots: [600], from: 2, to: 1, abort: false };
  const found = findHotSlots({ ...view, moves: [move] }, loads({ 600: 10_000, 700: 10_000 }));
  expect(found?.plans.flatMap(({ slots }) => slots)).not.toContain(600);
});
