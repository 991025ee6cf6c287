/** The status of a cluster that cannot be seen: it does not exist, or does not answer. */
import type { ClusterStatus } from './provider.ts';

export function emptyStatus({ provider, health }: Pick<ClusterStatus, 'provider' | 'health'>): ClusterStatus {
  return {
    provider,
    health,
    endpoint: null,
    shards: [],
    sharders: [],
    viewServers: [],
    etcd: null,
    disk: null,
    problems: [],
    notes: [],
  };
}
