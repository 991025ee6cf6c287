/** What the sharders count of their batches: operations and transactions by shard and lane, from /metrics. */
import { shardName } from '../../sharder/core/view.ts';

const readTimeoutMs = 5000;

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
  const counts = new Map<string, BatchCount>();
  for (const [, kind, labels, value] of text.matchAll(
    /^vase_batch_operations_(sum|count)\{([^}]*)\} (\S+)$/gm,
  )) {
    const shard = /shard="([^"]*)"/.exec(labels!)?.[1];
    const lane = /lane="([^"]*)"/.exec(labels!)?.[1];
    if (shard === undefined || lane === undefined) continue;
    const count = counts.get(`${shard} ${lane}`) ?? { operations: 0, batches: 0 };
    count[kind === 'sum' ? 'operations' : 'batches'] += Number(value);
    counts.set(`${shard} ${lane}`, count);
  }
  return counts;
}

/** Of all sharders together; one that does not answer is left out. */
export async function readBatches(urls: readonly string[]): Promise<BatchCounts> {
  const all = new Map<string, BatchCount>();
  for (const counts of await Promise.all(urls.map(readOne))) {
    for (const [key, { operations, batches }] of counts) {
      const sum = all.get(key) ?? { operations: 0, batches: 0 };
      all.set(key, { operations: sum.operations + operations, batches: sum.batches + batches });
    }
  }
  return all;
}

async function readOne(url: string): Promise<BatchCounts> {
  try {
    const response = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(readTimeoutMs) });
    return parseBatches(await response.text());
  } catch {
    // Refused, reset or too slow: there are no figures of it, whatever the reason.
    return new Map();
  }
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
