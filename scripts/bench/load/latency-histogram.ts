/** Histograms of latencies in microseconds: three significant digits from 1 us to two minutes, mergeable without loss. */
import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { Latencies } from '../records/run-data.ts';

/** Longer than any timeout of a request. */
const microsecondsMax = 120_000_000;

export function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: microsecondsMax,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
}

/** A value outside the range counts at its end. */
export function recordMs(histogram: Histogram, latencyMs: number): void {
  histogram.recordValue(Math.min(Math.max(Math.round(latencyMs * 1000), 1), microsecondsMax));
}

export const encodeHistogram = (histogram: Histogram): string => encodeIntoCompressedBase64(histogram);
export const decodeHistogram = (text: string): Histogram => decodeFromCompressedBase64(text);

/** All figures are 0 for an empty histogram. */
export function latenciesOf(histogram: Histogram): Latencies {
  const at = (percentile: number) =>
    histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1000;
  return {
    medianMs: at(50),
    meanMs: histogram.totalCount === 0 ? 0 : histogram.mean / 1000,
    p90Ms: at(90),
    p95Ms: at(95),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: at(100),
  };
}
