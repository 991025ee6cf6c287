/**
 * Changes the endpoints of a shard in the view while the shard is served: waits for all readers of the view, so that none asks
 * a member that has left, and none has to be restarted. A process that starts later reads the home shard's new address.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sharderPorts, viewServerPort } from '../../../manifests/names.ts';
import type { ShardMembers } from '../../../manifests/overlay.ts';
import { addressesObject, servedEndpoints } from '../../../manifests/shard-addresses.ts';
import { readEpoch } from '../../../metrics/read-epoch.ts';
import { nameEndpoints } from '../../../records/records.ts';
import { shardIds } from '../../../topology/topology.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { componentOf, readLiveObjects, runs } from '../live-objects.ts';
import { readSizes } from '../shard-sizes.ts';
import type { MemberChange } from './member-change.ts';

/** A watch delivers the view at once; a view server whose watch hangs reads again every 2 s. */
const followMsMax = 10_000;
const pollMs = 200;
const answerMsMax = 2000;

/**
 * Gives the shard these members in the view, and waits until all readers of the view have it.
 * @returns the names of the readers that do not have it in time.
 * @throws ClusterError when the home shard does not answer.
 */
export async function nameInView(
  { cluster, blueprint, shard, options }: Omit<MemberChange, 'name'>,
  served: readonly string[],
): Promise<string[]> {
  const { topology } = blueprint;
  const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
  const sizes = await readSizes(cluster, topology, statefulSets);
  const members = new Map<number, ShardMembers>([...sizes, [shard, { names: served, served }]]);
  const sized = { ...blueprint, members };
  const viewed = (id: number) => ({ id, endpoints: servedEndpoints(sized, id) });
  const { epoch } = await nameEndpoints(cluster.members, viewed(shardIds(topology)[0]!), [viewed(shard)]);
  await cluster.client.apply(addressesObject(sized));
  return awaitFollowers(cluster, epoch, options.signal);
}

async function awaitFollowers(
  cluster: KubernetesCluster,
  epoch: number,
  signal: AbortSignal,
): Promise<string[]> {
  const { pods } = await readLiveObjects(cluster.client, cluster.instance);
  const ports: Record<string, number> = { sharder: sharderPorts.admin, viewserver: viewServerPort };
  const followers = pods.filter((pod) => runs(pod) && ports[componentOf(pod)] !== undefined);
  const untilMs = performance.now() + followMsMax;
  const late = await Promise.all(
    followers.map(async (pod) => {
      const { name, uid } = pod.metadata;
      const address = await cluster.tunnels.open({ name, port: ports[componentOf(pod)]!, pod: () => name });
      while (performance.now() < untilMs) {
        signal.throwIfAborted();
        if ((await readEpoch(`http://${address}/metrics`, answerMsMax)) >= epoch) return [];
        const now = await cluster.client.read({
          apiVersion: 'v1',
          kind: 'Pod',
          name,
          namespace: cluster.instance,
        });
        // A pod that has started since reads the new view.
        if (now?.metadata.uid !== uid) return [];
        await delay(pollMs, undefined, { signal });
      }
      return [name];
    }),
  );
  return late.flat();
}
