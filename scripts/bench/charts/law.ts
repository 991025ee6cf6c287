/** Fits the Universal Scalability Law to the measurements along one axis, when the points allow a fit. */
import { fitScalingLaw, scalingLawAt, type Estimate } from '../../../sim/capacity/scaling-law.ts';
import { figures, formatNumber } from '../analysis/figures.ts';
import type { ScalingInput } from './series.ts';

const curvePoints = 40;

export interface LawPoint {
  count: number;
  requestsPerSecond: number;
}

export interface Law {
  /** From the least to the greatest measured count; empty without a fit. */
  curve: LawPoint[];
  /** The fitted law, or why there is none. */
  sentence: string;
}

/** Cells that the machine or the generator limited say nothing about the store, and are left out. */
export function fitLaw({ group, summaries }: ScalingInput): Law {
  const points = group.cells.flatMap((cell): LawPoint[] => {
    const summary = summaries.find(({ test }) => test === cell.test);
    if (summary === undefined || summary.notTheStore) return [];
    const count = cell[group.axis];
    return summary.results.map((result) => ({
      count,
      requestsPerSecond: figures.requests_per_second.of(result),
    }));
  });
  const fit = fitScalingLaw(points);
  if (fit.kind === 'none')
    return { curve: [], sentence: `No scaling law is fitted where the store was the limit: ${fit.why}.` };
  const counts = points.map(({ count }) => count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const curve = Array.from({ length: curvePoints + 1 }, (_, index) => {
    const count = least + ((most - least) * index) / curvePoints;
    return { count, requestsPerSecond: scalingLawAt(fit, count) };
  });
  const peak = fit.peakAt === null ? 'no peak' : `a peak at ${formatNumber(fit.peakAt)} ${group.axis}`;
  const sentence =
    `Universal Scalability Law with 95 % intervals: ${describe(fit.lambda)} requests/s of one, ` +
    `contention ${describe(fit.sigma)}, coherence ${describe(fit.kappa)}; ${peak}.`;
  return { curve, sentence };
}

function describe({ value, low, high }: Estimate): string {
  return `${formatNumber(value)} (${formatNumber(low)}–${formatNumber(high)})`;
}
