/** What the sharders count of their batches: operations and transactions by shard and lane, from /metrics. */
import { type MetricsReading, parseMetrics } from '../../../cluster/metrics/metrics-text.ts';
import { readMetrics } from '../../../cluster/metrics/read-metrics.ts';
import { shardName } from '../../../sharder/core/view.ts';

/** A sharder under the benchmark's load answers late. */
const readMsMax = 5000;

const metric = 'vase_batch_operations';
const kinds = { operations: `${metric}_sum`, batches: `${metric}_count` } as const;
const names: ReadonlySet<string> = new Set(Object.values(kinds));

export interface BatchCount {
  operations: number;
  batches: number;
}

/** By "<shard> <lane>". */
export type BatchCounts = ReadonlyMap<string, BatchCount>;

export interface BatchFigures {
  /** Operations by the shards' names. */
  operationsPerShard: Record<string, number>;
  /** Mean operations in a transaction; null when there was none. */
  reads: number | null;
  writes: number | null;
}

/** @param text Prometheus's text format. */
export function parseBatches(text: string): BatchCounts {
  return countsIn([parseMetrics(text, (name) => names.has(name))]);
}

/** The counts of all sharders together; one that does not answer is left out. */
export async function readBatches(urls: readonly string[]): Promise<BatchCounts> {
  const readings = await readMetrics(
    urls.map((url) => `${url}/metrics`),
    names,
    readMsMax,
  );
  return countsIn([...readings.values()]);
}

function countsIn(readings: readonly MetricsReading[]): BatchCounts {
  const counts = new Map<string, BatchCount>();
  for (const reading of readings)
    for (const kind of ['operations', 'batches'] as const)
      for (const { labels, value } of reading.get(kinds[kind]) ?? []) {
        const key = `${labels['shard']} ${labels['lane']}`;
        const count = counts.get(key) ?? { operations: 0, batches: 0 };
        count[kind] += value;
        counts.set(key, count);
      }
  return counts;
}

export function batchesBetween(before: BatchCounts, after: BatchCounts): BatchFigures {
  const operationsPerShard: Record<string, number> = {};
  const lanes = { read: { operations: 0, batches: 0 }, write: { operations: 0, batches: 0 } };
  for (const [key, count] of after) {
    const [shard, lane] = key.split(' ') as [string, 'read' | 'write'];
    const operations = count.operations - (before.get(key)?.operations ?? 0);
    const name = shardName(Number(shard));
    operationsPerShard[name] = (operationsPerShard[name] ?? 0) + operations;
    lanes[lane].operations += operations;
    lanes[lane].batches += count.batches - (before.get(key)?.batches ?? 0);
  }
  const mean = ({ operations, batches }: BatchCount) => (batches === 0 ? null : operations / batches);
  return { operationsPerShard, reads: mean(lanes.read), writes: mean(lanes.write) };
}
