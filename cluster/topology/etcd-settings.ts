/** The settings of an etcd member that are the same wherever it runs, as flags and their values. */
import { byteCount } from './quantity.ts';
import type { Topology } from './topology.ts';

/** etcd's own default, set explicitly because the sharders' batches and the largest value (1 MiB) are cut to it. */
const requestBytesMax = 1_572_864;
/**
 * Raft entries between two snapshots. etcd keeps about this many in memory, and one entry may be a whole batch, so the
 * default of 3.4 (100,000) could take gigabytes.
 */
const snapshotCount = 10_000;

/** Flags that every etcd since 3.4 has: their help names them. */
export function etcdSettings(etcd: Topology['etcd']): Record<string, string | number> {
  return {
    '--heartbeat-interval': etcd.heartbeatMs,
    '--election-timeout': etcd.electionMs,
    '--quota-backend-bytes': byteCount(etcd.quota),
    '--auto-compaction-mode': 'periodic',
    '--auto-compaction-retention': etcd.compactionRetention,
    '--max-txn-ops': etcd.maxTxnOps,
    '--max-request-bytes': requestBytesMax,
  };
}

/** Flags that an etcd may not know, or may name differently in its help. */
export const etcdSettingsWhereKnown: Readonly<Record<string, string | number>> = {
  '--pre-vote': 'true',
  '--snapshot-count': snapshotCount,
  '--logger': 'zap',
  '--log-outputs': 'stderr',
};

export function asFlags(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).map(([flag, value]) => `${flag}=${value}`);
}
