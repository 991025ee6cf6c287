/**
 * The ratio of two means with a confidence interval, from repeats: Welch's t interval of the difference of the logarithms'
 * means, taken back from the logarithms. It assumes neither equal scatter nor equal numbers of repeats. Figures of load
 * are skewed and vary by shares rather than by amounts, so their logarithms are closer to a normal distribution.
 */
import jstat from 'jstat';
import { meanOf } from './summary.ts';

export interface Ratio {
  /** The ratio of the geometric means, b over a. */
  ratio: number;
  /** Null when one side has fewer than two repeats: nothing is known of its scatter. */
  interval: { low: number; high: number } | null;
}

/** Null when a side has no value, or a value that is not positive and so has no ratio. */
export function ratioOf(a: readonly number[], b: readonly number[], confidence: number): Ratio | null {
  if (a.length === 0 || b.length === 0 || ![...a, ...b].every((value) => value > 0)) return null;
  const sides = [a, b].map((values) => {
    const logs = values.map(Math.log);
    const mean = meanOf(logs);
    const squares = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0);
    return { mean, repeats: logs.length, variance: squares / (logs.length - 1) / logs.length };
  });
  const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]];
  const difference = right.mean - left.mean;
  const ratio = Math.exp(difference);
  if (left.repeats < 2 || right.repeats < 2) return { ratio, interval: null };
  const variance = left.variance + right.variance;
  // The repeats agree to the last digit: Welch's degrees of freedom are 0/0 then, and the interval is a point.
  if (variance === 0) return { ratio, interval: { low: ratio, high: ratio } };
  const degreesOfFreedom =
    variance ** 2 / (left.variance ** 2 / (left.repeats - 1) + right.variance ** 2 / (right.repeats - 1));
  const half = jstat.studentt.inv(1 - (1 - confidence) / 2, degreesOfFreedom) * Math.sqrt(variance);
  return { ratio, interval: { low: Math.exp(difference - half), high: Math.exp(difference + half) } };
}
