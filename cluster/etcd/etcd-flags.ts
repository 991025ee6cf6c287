/**
 * The command line of one etcd member. A function of the topology and the member's place, so that it can be read and
 * tested without starting anything.
 */
import { byteCount } from '../quantity.ts';
import type { Topology } from '../topology.ts';

/** etcd's own default, said aloud because the sharders' batches and the largest value (1 MiB) are cut to it. */
const requestBytesMax = 1_572_864;
/**
 * Raft entries between two snapshots. etcd keeps about this many in memory, and one entry may be a whole batch, so the
 * default of 3.4 (100,000) could take gigabytes.
 */
const snapshotCount = 10_000;

export interface EtcdMemberPlace {
  name: string;
  dataFolder: string;
  clientUrl: string;
  peerUrl: string;
  /** All members of the shard. */
  peers: readonly { name: string; peerUrl: string }[];
  token: string;
  /** `new` until the shard has had its first leader. */
  clusterState: 'new' | 'existing';
}

/**
 * @param knownFlags what this etcd understands; flags that not every version since 3.4 has are left out where unknown.
 */
export function etcdFlags(
  place: EtcdMemberPlace,
  settings: Topology['etcd'],
  knownFlags: ReadonlySet<string>,
): string[] {
  const always = {
    '--name': place.name,
    '--data-dir': place.dataFolder,
    '--listen-client-urls': place.clientUrl,
    '--advertise-client-urls': place.clientUrl,
    '--listen-peer-urls': place.peerUrl,
    '--initial-advertise-peer-urls': place.peerUrl,
    '--initial-cluster': place.peers.map((peer) => `${peer.name}=${peer.peerUrl}`).join(','),
    '--initial-cluster-token': place.token,
    '--initial-cluster-state': place.clusterState,
    '--heartbeat-interval': settings.heartbeatMs,
    '--election-timeout': settings.electionMs,
    '--quota-backend-bytes': byteCount(settings.quota),
    '--auto-compaction-mode': 'periodic',
    '--auto-compaction-retention': settings.compactionRetention,
    '--max-txn-ops': settings.maxTxnOps,
    '--max-request-bytes': requestBytesMax,
  };
  const whereKnown = {
    '--pre-vote': 'true',
    '--snapshot-count': snapshotCount,
    '--logger': 'zap',
    '--log-outputs': 'stderr',
  };
  return [
    ...Object.entries(always),
    ...Object.entries(whereKnown).filter(([flag]) => knownFlags.has(flag)),
  ].map(([flag, value]) => `${flag}=${value}`);
}
