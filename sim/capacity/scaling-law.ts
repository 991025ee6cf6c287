/**
 * Gunther's Universal Scalability Law, X(N) = λN / (1 + σ(N-1) + κN(N-1)): λ is the throughput of one, σ the share of work
 * that runs one after the other (contention), κ the cost of agreeing (coherence). Fitted by least squares on relative errors,
 * with confidence intervals; where the points do not allow a fit, the answer says why.
 */
import jstat from 'jstat';

export interface ScalingPoint {
  /** How many sharders or shards. */
  count: number;
  requestsPerSecond: number;
}

/** `low` to `high`: 95 % confidence. */
export interface Estimate {
  value: number;
  low: number;
  high: number;
}

export type ScalingFit =
  | {
      kind: 'fit';
      /** Requests/s of one sharder or shard. */
      lambda: Estimate;
      sigma: Estimate;
      kappa: Estimate;
      /** Count of the highest throughput; null: it rises for ever. */
      peakAt: number | null;
      /** Largest distance of a point from the curve, as a share of the point. */
      errorShareMax: number;
    }
  | { kind: 'none'; why: string };

const parameters = 3;
/** A curve that misses a point by more does not describe the points. */
const errorShareMax = 0.25;
/** Half-widths past which an interval says nothing: of λ as a share of it, of σ in its own range of 0 to 1. */
const lambdaHalfWidthMax = 0.5;
const sigmaHalfWidthMax = 0.5;

/** Several points of one count, from repeats, are used as they are. */
export function fitScalingLaw(points: readonly ScalingPoint[]): ScalingFit {
  const counts = new Set(points.map(({ count }) => count));
  if (counts.size <= parameters) {
    return none(`${counts.size} different counts: three parameters need at least ${parameters + 1}`);
  }
  if (points.some(({ count, requestsPerSecond }) => count < 1 || !(requestsPerSecond > 0)))
    return none('a point has no throughput');
  const free = solve(points, [true, true, true]);
  if (free === null) return none('the counts are too alike to tell the parameters apart');
  const degrees = points.length - parameters;
  const width = jstat.studentt.inv(0.975, degrees);
  const [lambda, sigma, kappa] = estimates(free, width);
  if (sigma.high < 0 || kappa.high < 0)
    return none('throughput grows faster than the count, which the law does not know');
  const best = solveWithinBounds(points);
  const curve = lawOf(best);
  const misses = points.map(({ count, requestsPerSecond }) => Math.abs(curve(count) / requestsPerSecond - 1));
  const missMax = Math.max(...misses);
  if (missMax > errorShareMax)
    return none(
      `the best curve misses a point by ${(missMax * 100).toFixed(0)} %: the law does not describe these`,
    );
  if ((lambda.high - lambda.low) / 2 > lambdaHalfWidthMax * lambda.value)
    return none('the points scatter too much: the throughput of one is not identified');
  if ((sigma.high - sigma.low) / 2 > sigmaHalfWidthMax)
    return none('the points scatter too much: contention and coherence are not identified');
  const [one, linear, product] = best;
  const fitted = { lambda: 1 / one, sigma: linear / one, kappa: product / one };
  return {
    kind: 'fit',
    lambda: bounded(fitted.lambda, lambda),
    sigma: bounded(fitted.sigma, sigma),
    kappa: bounded(fitted.kappa, kappa),
    peakAt: fitted.kappa > 0 ? Math.max(1, Math.sqrt((1 - Math.min(1, fitted.sigma)) / fitted.kappa)) : null,
    errorShareMax: missMax,
  };
}

/** The curve of a fit, for drawing. */
export function scalingLawAt(fit: Extract<ScalingFit, { kind: 'fit' }>, count: number): number {
  const { lambda, sigma, kappa } = fit;
  return (lambda.value * count) / (1 + sigma.value * (count - 1) + kappa.value * count * (count - 1));
}

function none(why: string): ScalingFit {
  return { kind: 'none', why };
}

/** N / X = one + linear (N-1) + product N(N-1): the law is linear in these, one = 1/λ, linear = σ/λ, product = κ/λ. */
type Coefficients = [one: number, linear: number, product: number];

function lawOf([one, linear, product]: Coefficients): (count: number) => number {
  return (count) => count / (one + linear * (count - 1) + product * count * (count - 1));
}

interface Solution {
  coefficients: Coefficients;
  covariance: number[][];
  squares: number;
}

/** Least squares over the coefficients that are used, each row divided by N / X so that errors are relative. */
function solve(points: readonly ScalingPoint[], used: readonly [boolean, boolean, boolean]): Solution | null {
  const columns = [0, 1, 2].filter((column) => used[column]);
  const rows = points.map(({ count, requestsPerSecond }) => {
    const scale = requestsPerSecond / count;
    const all = [scale, (count - 1) * scale, count * (count - 1) * scale];
    return columns.map((column) => all[column]!);
  });
  const normal = columns.map((_, i) => columns.map((__, j) => sum(rows, (row) => row[i]! * row[j]!)));
  const inverse = invert(normal);
  if (inverse === null) return null;
  const right = columns.map((_, i) => sum(rows, (row) => row[i]!));
  const solved = inverse.map((row) => row.reduce((total, value, j) => total + value * right[j]!, 0));
  const squares = sum(
    rows,
    (row) => (row.reduce((total, value, j) => total + value * solved[j]!, 0) - 1) ** 2,
  );
  const coefficients: Coefficients = [0, 0, 0];
  columns.forEach((column, index) => (coefficients[column] = solved[index]!));
  const variance = squares / Math.max(1, points.length - columns.length);
  return { coefficients, squares, covariance: inverse.map((row) => row.map((value) => value * variance)) };
}

/** The best solution without negative coefficients. */
function solveWithinBounds(points: readonly ScalingPoint[]): Coefficients {
  const choices = [
    [true, true, true],
    [true, true, false],
    [true, false, true],
    [true, false, false],
  ] as const;
  let best: Solution | null = null;
  for (const used of choices) {
    const solution = solve(points, used);
    if (solution === null || solution.coefficients.some((value) => value < 0)) continue;
    if (best === null || solution.squares < best.squares) best = solution;
  }
  // The last choice is the mean of X / N: it always exists and is positive.
  return best!.coefficients;
}

/** λ, σ and κ of the free solution, with intervals by the delta method. */
function estimates({ coefficients, covariance }: Solution, width: number): [Estimate, Estimate, Estimate] {
  const [one, linear, product] = coefficients;
  const interval = (value: number, gradient: readonly number[]): Estimate => {
    let variance = 0;
    for (let i = 0; i < parameters; i++)
      for (let j = 0; j < parameters; j++) variance += gradient[i]! * covariance[i]![j]! * gradient[j]!;
    const half = width * Math.sqrt(Math.max(0, variance));
    return { value, low: value - half, high: value + half };
  };
  return [
    interval(1 / one, [-1 / one ** 2, 0, 0]),
    interval(linear / one, [-linear / one ** 2, 1 / one, 0]),
    interval(product / one, [-product / one ** 2, 0, 1 / one]),
  ];
}

/** The law has no negative σ or κ: the interval ends at 0, and holds the value. */
function bounded(value: number, { low, high }: Estimate): Estimate {
  return { value, low: Math.min(value, Math.max(0, low)), high: Math.max(value, high) };
}

function sum(rows: readonly number[][], of: (row: number[]) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}

/** By Gauss and Jordan, on rows and columns scaled to a diagonal of ones; null when it is singular but for rounding. */
function invert(matrix: readonly number[][]): number[][] | null {
  const size = matrix.length;
  const scale = matrix.map((row, index) => 1 / Math.sqrt(row[index]!));
  if (scale.some((value) => !Number.isFinite(value))) return null;
  const work = matrix.map((row, i) => [
    ...row.map((value, j) => value * scale[i]! * scale[j]!),
    ...row.map((_, j) => (i === j ? 1 : 0)),
  ]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let row = column + 1; row < size; row++)
      if (Math.abs(work[row]![column]!) > Math.abs(work[pivot]![column]!)) pivot = row;
    if (Math.abs(work[pivot]![column]!) < 1e-10) return null;
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    const head = work[column]![column]!;
    work[column] = work[column]!.map((value) => value / head);
    for (let row = 0; row < size; row++) {
      if (row === column) continue;
      const factor = work[row]![column]!;
      work[row] = work[row]!.map((value, index) => value - factor * work[column]![index]!);
    }
  }
  return work.map((row, i) => row.slice(size).map((value, j) => value * scale[i]! * scale[j]!));
}
