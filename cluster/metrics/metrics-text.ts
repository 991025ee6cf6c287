/** Reads Prometheus's text format: samples by name and labels, and the differences between two readings of a process. */

export interface MetricSample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

export type MetricsReading = ReadonlyMap<string, readonly MetricSample[]>;

/** Leaves out metrics for which `isWanted` is false, and lines that are no samples. */
export function parseMetrics(text: string, isWanted: (name: string) => boolean): MetricsReading {
  const reading = new Map<string, MetricSample[]>();
  for (const match of text.matchAll(/^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/gm)) {
    const name = match[1]!;
    if (!isWanted(name)) continue;
    const samples = reading.get(name) ?? [];
    samples.push({
      labels: parseLabels(match[2] ?? ''),
      value: Number(match[3]!.replace('+Inf', 'Infinity')),
    });
    reading.set(name, samples);
  }
  return reading;
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name!, value!]),
  );
}

/** The sum of a metric over the series that fit; 0 without any. */
export function total(
  reading: MetricsReading,
  name: string,
  fits: (labels: MetricSample['labels']) => boolean = () => true,
): number {
  return (reading.get(name) ?? []).reduce((sum, { labels, value }) => sum + (fits(labels) ? value : 0), 0);
}

/** Cumulative counts by upper bound, ascending; the last bound is Infinity. */
export type Buckets = ReadonlyMap<number, number>;

/** A histogram's buckets, summed over the series that fit. */
export function bucketsOf(
  reading: MetricsReading,
  name: string,
  fits: (labels: MetricSample['labels']) => boolean = () => true,
): Buckets {
  const buckets = new Map<number, number>();
  for (const { labels, value } of reading.get(`${name}_bucket`) ?? []) {
    if (!fits(labels)) continue;
    const bound = labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
    buckets.set(bound, (buckets.get(bound) ?? 0) + value);
  }
  return new Map([...buckets].toSorted(([a], [b]) => a - b));
}

/** The counts since `before`; the whole of `after` when the process has restarted in between. */
export function bucketsBetween(before: Buckets, after: Buckets): Buckets {
  const startedAnew = (before.get(Infinity) ?? 0) > (after.get(Infinity) ?? 0);
  return new Map(
    [...after].map(([bound, count]) => [bound, count - (startedAnew ? 0 : (before.get(bound) ?? 0))]),
  );
}

export function addBuckets(all: readonly Buckets[]): Buckets {
  const sum = new Map<number, number>();
  for (const buckets of all)
    for (const [bound, count] of buckets) sum.set(bound, (sum.get(bound) ?? 0) + count);
  return new Map([...sum].toSorted(([a], [b]) => a - b));
}

/**
 * The quantile as Prometheus's histogram_quantile interpolates it; past the last finite bound, that bound. Null without
 * observations.
 */
export function quantile(buckets: Buckets, share: number): number | null {
  const count = buckets.get(Infinity) ?? 0;
  if (count === 0) return null;
  const rank = share * count;
  let lower = 0;
  let below = 0;
  for (const [bound, cumulative] of buckets) {
    if (cumulative >= rank) {
      if (bound === Infinity) return lower;
      const inside = cumulative - below;
      return inside === 0 ? bound : lower + ((bound - lower) * (rank - below)) / inside;
    }
    lower = bound;
    below = cumulative;
  }
  return lower;
}
