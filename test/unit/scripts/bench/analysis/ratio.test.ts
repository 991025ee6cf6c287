/** The ratio and its interval, against values that a table of Student's t gives and against draws of known ratios. */
import { expect, test } from 'vitest';
import { ratioOf } from '../../../../../scripts/bench/analysis/ratio.ts';

test('the ratio is that of the geometric means', () => {
  expect(ratioOf([100, 400], [100, 100], 0.95)!.ratio).toBeCloseTo(0.5, 12);
});

test("the interval is Welch's, worked out by hand", () => {
  // Logs 0 and 0.2 against 1 and 1.2: means 0.1 and 1.1, each variance of the mean 0.01, two degrees of freedom, for
  // which Student's t at 97.5 % is 4.302653; half the width is t * sqrt(0.02).
  const { ratio, interval } = ratioOf([1, Math.exp(0.2)], [Math.exp(1), Math.exp(1.2)], 0.95)!;
  const half = 4.302653 * Math.sqrt(0.02);
  expect(ratio).toBeCloseTo(Math.E, 9);
  expect(Math.log(interval!.low)).toBeCloseTo(1 - half, 5);
  expect(Math.log(interval!.high)).toBeCloseTo(1 + half, 5);
});

test('covers the true ratio about as often as it says', () => {
  let state = 7;
  // The minimal standard generator: a failing seed fails again.
  const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
  const draw = (mean: number, scatter: number): number[] =>
    Array.from({ length: 3 }, () => mean * Math.exp(scatter * normal()));
  let covered = 0;
  for (let round = 0; round < 2000; round++) {
    const { interval } = ratioOf(draw(100, 0.05), draw(130, 0.1), 0.95)!;
    if (interval!.low <= 1.3 && interval!.high >= 1.3) covered++;
  }
  expect(covered / 2000).toBeGreaterThan(0.93);
  expect(covered / 2000).toBeLessThan(0.98);
});

test('one repeat has a ratio and no interval; none, or a zero, has no ratio', () => {
  expect(ratioOf([100], [50, 60], 0.95)!.interval).toBeNull();
  expect(ratioOf([], [50], 0.95)).toBeNull();
  expect(ratioOf([0], [50], 0.95)).toBeNull();
});

test('repeats that agree to the last digit have a point for an interval', () => {
  const { ratio, interval } = ratioOf([100, 100], [150, 150], 0.95)!;
  expect(ratio).toBeCloseTo(1.5, 12);
  expect(interval).toEqual({ low: ratio, high: ratio });
});
