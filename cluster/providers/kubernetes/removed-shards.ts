/** Which shards of a topology the view server has removed since it was first applied: they must not come back. */
import { ClusterError } from '../../errors.ts';
import { memberNames } from '../../manifests/names.ts';
import { shardIds, type Topology } from '../../topology/topology.ts';
import { findLeaders } from './find-leaders.ts';
import { shardOf, readLiveObjects } from './live-objects.ts';
import { memberEndpoint } from './read-status.ts';
import { readView } from './read-view.ts';
import { waitFor, type Waiting } from './wait-for.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';

/**
 * Asks the view only when a shard other than the home shard is missing from a cluster that was once complete. While the
 * home shard cannot answer, nobody knows whether it was removed: the shard stays missing, and the next `up` asks again.
 */
export async function removedShards(
  cluster: KubernetesCluster,
  topology: Topology,
  waiting: Omit<Waiting, 'cluster'>,
): Promise<ReadonlySet<number>> {
  const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
  const there = new Set(statefulSets.map(shardOf));
  const [home, ...others] = shardIds(topology) as [number, ...number[]];
  const missing = others.filter((id) => !there.has(id));
  if (!there.has(home) || missing.length === 0) return new Set();
  try {
    await waitFor(
      { cluster, ...waiting },
      {
        what: 'the members of the home shard',
        components: ['etcd'],
        check: (live) =>
          findLeaders(
            cluster,
            live.statefulSets.filter((set) => shardOf(set) === home),
          ),
      },
    );
    const members = memberNames(topology, home);
    const view = await readView(
      cluster,
      members.map((member) => memberEndpoint(cluster.instance, home, member)),
    );
    if (view === null) return new Set();
    const known = new Set(view.shards.map(({ id }) => id));
    return new Set(missing.filter((id) => id < view.nextShard && !known.has(id)));
  } catch (error) {
    waiting.signal.throwIfAborted();
    if (error instanceof ClusterError) return new Set(missing);
    throw error;
  }
}
