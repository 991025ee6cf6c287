/** The sharder's own count of its batches, from /metrics. */

export interface Batches {
  operations: number;
  batches: number;
  /** Mean operations in a transaction since an earlier reading; null when there was none. */
  meanSince(earlier: Batches): number | null;
}

export async function readBatches(url: string): Promise<Batches> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (name: string) => {
    let total = 0;
    for (const [, value] of text.matchAll(new RegExp(`^${name}\\{[^}]*\\} ([0-9.e+]+)$`, 'gm')))
      total += Number(value);
    return total;
  };
  const operations = sum('vase_batch_operations_sum');
  const batches = sum('vase_batch_operations_count');
  return {
    operations,
    batches,
    meanSince(earlier) {
      const more = batches - earlier.batches;
      return more === 0 ? null : (operations - earlier.operations) / more;
    },
  };
}
