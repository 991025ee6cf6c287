/** The parts in which something is the limit: the shard's disk, a leader that is paused, the sharder's processor. */
import { setTimeout as delay } from 'node:timers/promises';
import { signal, startBenchCluster, type BenchCluster } from './bench-cluster.ts';
import type { Stream } from './load-messages.ts';
import { measureLevels, type LevelsOptions } from './levels.ts';
import { type PartResult, type Settings, soundness } from './part.ts';
import type { TopologyInput } from '../../../cluster/topology/topology.ts';

const ssd = 'pd-ssd:10Gi';
const shardBounds = { 2: 0.9, 5: 0.9 };
const puts = (valueBytes: number, keys: number): Stream => ({
  name: 'puts',
  prefix: 'overload-',
  keys,
  valueBytes,
  batch: 1,
});

/** Values of 64 KiB on a disk that takes a few MiB a second. */
export function slowDisk(settings: Settings): Promise<PartResult> {
  return limited(
    settings,
    { shards: 1, ssd },
    { stream: puts(64 * 1024, 200), users: [8, 16], bounds: shardBounds },
  );
}

const pauseEveryMs = 5000;
const pauseMs = 1000;

/** The shard's only member stands still for 1 s in every 5. Its disk is slow, so that it, and not the load, is the limit. */
export function pausedLeader(settings: Settings): Promise<PartResult> {
  return limited(
    settings,
    { shards: 1, ssd },
    { stream: puts(16 * 1024, 500), users: [8, 16, 32], bounds: shardBounds },
    (cluster) => {
      const stop = new AbortController();
      void pauseNowAndThen(cluster.membersOf(1)[0]!, stop.signal);
      return () => stop.abort();
    },
  );
}

/** The sharder gets 0.15 of a core; the shard is not the limit. */
export function slowSharder(settings: Settings): Promise<PartResult> {
  return limited(
    settings,
    { shards: 1, resources: { sharder: { cpu: '0.15' } } },
    { stream: puts(128, 10_000), users: [64, 256], bounds: { 2: 0.7, 5: 0.5 } },
  );
}

async function limited(
  settings: Settings,
  topology: TopologyInput,
  options: Omit<LevelsOptions, 'url'>,
  disturb?: (cluster: BenchCluster) => () => void,
): Promise<PartResult> {
  const cluster = await startBenchCluster(topology);
  try {
    const undo = disturb?.(cluster);
    try {
      const result = await measureLevels(settings, { ...options, url: cluster.endpoint });
      return { ...result, claims: [...result.claims, ...soundness(result.runs, cluster.sharderPeak())] };
    } finally {
      undo?.();
    }
  } finally {
    await cluster.close();
  }
}

async function pauseNowAndThen(pid: number, stop: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await delay(pauseEveryMs - pauseMs, undefined, { signal: stop });
      signal(pid, 'SIGSTOP');
      await delay(pauseMs, undefined, { signal: stop });
      signal(pid, 'SIGCONT');
    }
  } catch (error) {
    signal(pid, 'SIGCONT');
    if ((error as Error).name !== 'AbortError') throw error;
  }
}
