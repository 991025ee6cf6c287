/** The status of a cluster of which nothing can be seen: it is not there, or does not answer. */
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
