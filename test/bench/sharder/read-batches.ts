/** The sharder's own count of its batches, from /metrics. */
import { parseMetrics, total } from '../../../cluster/metrics/metrics-text.ts';

export interface Batches {
  operations: number;
  batches: number;
  /** Mean operations in a transaction since an earlier reading; null when there was none. */
  meanSince(earlier: Batches): number | null;
}

const names = { operations: 'vase_batch_operations_sum', batches: 'vase_batch_operations_count' } as const;
const wanted: ReadonlySet<string> = new Set(Object.values(names));

export async function readBatches(url: string): Promise<Batches> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const reading = parseMetrics(text, (name) => wanted.has(name));
  const operations = total(reading, names.operations);
  const batches = total(reading, names.batches);
  return {
    operations,
    batches,
    meanSince(earlier) {
      const more = batches - earlier.batches;
      return more === 0 ? null : (operations - earlier.operations) / more;
    },
  };
}
