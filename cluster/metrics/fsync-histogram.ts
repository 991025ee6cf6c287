/**
 * How long etcd waits for its disk, by its own measure: the histogram etcd_disk_wal_fsync_duration_seconds, which every
 * member counts since its start. The difference of two snapshots has the fsyncs between them.
 */
import { bucketsOf, type MetricsReading, parseMetrics } from './metrics-text.ts';
import { readMetrics } from './read-metrics.ts';

const metric = 'etcd_disk_wal_fsync_duration_seconds';
const names: ReadonlySet<string> = new Set([`${metric}_count`, `${metric}_sum`, `${metric}_bucket`]);

export interface FsyncHistogram {
  /** The time of the snapshot on this process's clock, for rates. */
  takenAtMs: number;
  count: number;
  sumSeconds: number;
  /** Ascending; each counts the fsyncs that took at most so long, the last one all fsyncs (Infinity). */
  buckets: readonly { leSeconds: number; count: number }[];
}

/**
 * Quantiles are interpolated within a bucket as Prometheus's histogram_quantile does: etcd's first bucket ends at 1 ms and
 * each is twice as wide as the one before, so a figure below 1 ms means no more than "below 1 ms".
 */
export interface FsyncDurations {
  fsyncs: number;
  p50Ms: number;
  p99Ms: number;
  meanMs: number;
}

/** Below this a quantile is a guess within etcd's first bucket. */
export const resolutionMs = 1;

/**
 * @param metrics a member's answer to /metrics, in Prometheus's text format.
 * @returns null when the histogram is not in it.
 */
export function parseFsyncHistogram(metrics: string, takenAtMs: number): FsyncHistogram | null {
  return histogramIn(
    parseMetrics(metrics, (name) => names.has(name)),
    takenAtMs,
  );
}

function histogramIn(reading: MetricsReading, takenAtMs: number): FsyncHistogram | null {
  const count = reading.get(`${metric}_count`)?.[0]?.value;
  const sumSeconds = reading.get(`${metric}_sum`)?.[0]?.value;
  if (count === undefined || sumSeconds === undefined) return null;
  const buckets = [...bucketsOf(reading, metric)].map(([leSeconds, fsyncs]) => ({
    leSeconds,
    count: fsyncs,
  }));
  const all = buckets.at(-1);
  if (all?.leSeconds !== Infinity || all.count !== count) return null;
  return { takenAtMs, count, sumSeconds, buckets };
}

/**
 * A member's histogram now.
 * @param url the member's client URL, "http://127.0.0.1:2379".
 * @returns null when the member does not answer in time.
 */
export async function readFsyncHistogram(url: string): Promise<FsyncHistogram | null> {
  const [reading] = (await readMetrics([new URL('/metrics', url).href], names)).values();
  return reading === undefined ? null : histogramIn(reading, performance.now());
}

/** The fsyncs since the member's start; null when it has not synced yet. */
export function durationsOf(histogram: FsyncHistogram): FsyncDurations | null {
  if (histogram.count === 0) return null;
  return {
    fsyncs: histogram.count,
    p50Ms: quantileMs(histogram, 0.5),
    p99Ms: quantileMs(histogram, 0.99),
    meanMs: (histogram.sumSeconds / histogram.count) * 1000,
  };
}

/** The fsyncs between two snapshots of one member; null when there were none or the member has restarted in between. */
export function fsyncsBetween(
  before: FsyncHistogram,
  after: FsyncHistogram,
): (FsyncDurations & { fsyncsPerSecond: number }) | null {
  const seconds = (after.takenAtMs - before.takenAtMs) / 1000;
  if (after.count < before.count || seconds <= 0) return null;
  const durations = durationsOf({
    takenAtMs: after.takenAtMs,
    count: after.count - before.count,
    sumSeconds: after.sumSeconds - before.sumSeconds,
    buckets: after.buckets.map(({ leSeconds, count }, index) => ({
      leSeconds,
      count: count - (before.buckets[index]?.count ?? 0),
    })),
  });
  return durations && { ...durations, fsyncsPerSecond: durations.fsyncs / seconds };
}

/** The fsyncs of several members, each since its start; null when none has synced. All have the same buckets: etcd's are fixed. */
export function mergedDurations(histograms: readonly (FsyncHistogram | null)[]): FsyncDurations | null {
  const [first, ...rest] = histograms.filter((histogram) => histogram !== null);
  if (first === undefined) return null;
  return durationsOf(rest.reduce(add, first));
}

function add(left: FsyncHistogram, right: FsyncHistogram): FsyncHistogram {
  return {
    takenAtMs: Math.max(left.takenAtMs, right.takenAtMs),
    count: left.count + right.count,
    sumSeconds: left.sumSeconds + right.sumSeconds,
    buckets: left.buckets.map(({ leSeconds, count }, index) => ({
      leSeconds,
      count: count + (right.buckets[index]?.count ?? 0),
    })),
  };
}

/** Past the last finite bucket there is nothing to interpolate: the answer is that bucket's end, a lower bound. */
function quantileMs({ count, buckets }: FsyncHistogram, quantile: number): number {
  const rank = quantile * count;
  let below = { leSeconds: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > below.count) {
      if (bucket.leSeconds === Infinity) break;
      const share = (rank - below.count) / (bucket.count - below.count);
      return (below.leSeconds + (bucket.leSeconds - below.leSeconds) * share) * 1000;
    }
    below = bucket.leSeconds === Infinity ? below : bucket;
  }
  return below.leSeconds * 1000;
}
