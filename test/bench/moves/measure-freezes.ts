/** How long slots are frozen, move by move, while others write; and how long a write takes meanwhile. */
import { measure, type Measurement } from '../sharder/measure.ts';
import type { MoveBench } from './move-bench.ts';

export interface FreezeRound {
  frozenMs: number[];
  /** Of the writers, over the same time. */
  write: Pick<Measurement, 'p50Ms' | 'p99Ms' | 'requestsPerSecond' | 'errors'>;
}

const slotsPerMove = 8;
const connections = 4;
const warmSeconds = 1;

/** Slots go to the other shard, a few at a time, and come back, for as long as the writers write. */
export async function measureFreezes(
  bench: MoveBench,
  { keys, valueBytes, seconds }: { keys: number; valueBytes: number; seconds: number },
): Promise<FreezeRound> {
  const order = { url: bench.endpoint, dialect: 'vase', workload: 'PUT', keys, valueBytes } as const;
  let isOver = false;
  const written = measure(
    { ...order, connections, warmSeconds, seconds },
    { targetPid: null, etcdPids: [] },
  ).finally(() => (isOver = true));
  const frozenMs: number[] = [];
  for (let round = 0; !isOver; round++) {
    const first = (slotsPerMove * (round >> 1)) % 512;
    const moved = await bench.move(`${first}-${first + slotsPerMove - 1}`, round % 2 === 0 ? 2 : 1);
    frozenMs.push(...moved.frozenMs);
  }
  const { p50Ms, p99Ms, requestsPerSecond, errors } = await written;
  return { frozenMs, write: { p50Ms, p99Ms, requestsPerSecond, errors } };
}
