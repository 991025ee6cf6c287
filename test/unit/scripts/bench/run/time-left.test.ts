import { expect, test } from 'vitest';
import { parsePlan } from '../../../../../scripts/bench/records/plan-input.ts';
import { plannedSeconds, secondsLeft } from '../../../../../scripts/bench/run/time-left.ts';

test('before the first cell is done the time left is what is planned', () => {
  const plan = parsePlan(
    { warmup: 5, duration: 20, rates: [0.5, 0.9], rateDuration: 8, a: { sharders: 1, shards: 1 } },
    'mine',
  );
  const planned = plannedSeconds(plan);
  expect(planned).toBeGreaterThanOrEqual(5 + 20 + 2 * 8);
  expect(secondsLeft(planned, { done: 0, left: 3, spentSeconds: 0, inCellSeconds: 10 })).toBe(
    3 * planned - 10,
  );
});

test('afterwards it is what the cells have taken', () => {
  expect(secondsLeft(10, { done: 2, left: 2, spentSeconds: 40, inCellSeconds: 5 })).toBe(35);
  expect(secondsLeft(10, { done: 2, left: 1, spentSeconds: 40, inCellSeconds: 50 })).toBe(0);
  expect(secondsLeft(10, { done: 2, left: 0, spentSeconds: 40, inCellSeconds: 0 })).toBe(0);
});
