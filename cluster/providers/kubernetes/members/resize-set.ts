/** Changes the number of a shard's pods together with the members that a new pod starts with, and nothing else of the shard. */
import { ClusterError } from '../../../errors.ts';
import { shardName } from '../../../manifests/names.ts';
import { initialClusterObject } from '../../../manifests/shard-addresses.ts';
import type { ApiObject } from '../../../kubernetes/kubernetes-objects.ts';
import { shardOf } from '../live-objects.ts';
import { memberNamesOf } from '../read-status.ts';
import { waitFor } from '../wait-for.ts';
import { demandSet, type MemberChange } from './member-change.ts';

/** Whether the StatefulSet makes a pod of this name. */
export async function hasPlace({ cluster, shard, name }: MemberChange): Promise<boolean> {
  return memberNamesOf(await demandSet({ cluster, shard })).includes(name);
}

/** Adds or removes the pod with the highest number. @param names all members that the shard has afterwards. */
export async function resizeSet(
  { cluster, blueprint, shard }: MemberChange,
  names: readonly string[],
): Promise<void> {
  const members = new Map([[shard, { names, served: names }]]);
  await cluster.client.apply(initialClusterObject({ ...blueprint, members }, shard));
  await cluster.client.scaleStatefulSet(cluster.instance, shardName(shard), names.length);
}

/**
 * Waits until no pod has this name, and deletes its claim. The disk stays, as the storage class says.
 * @returns whether there was a claim.
 * @throws ClusterError for a claim that was not made by a shard of this cluster.
 */
export async function deleteClaim({ cluster, shard, name, options }: MemberChange): Promise<boolean> {
  const { client, instance: namespace } = cluster;
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name: `data-${name}`, namespace };
  const gone = async (what: string, isGone: (pods: readonly ApiObject[]) => Promise<boolean>) =>
    waitFor(
      { cluster, signal: options.signal, sinceMs: Date.now() },
      { what, components: [], check: async ({ pods }) => ((await isGone(pods)) ? true : null) },
    );
  await gone(`the pod ${name}`, async (pods) => !pods.some(({ metadata }) => metadata.name === name));
  const found = await client.read<ApiObject>(claim);
  if (found === null) return false;
  if (shardOf(found) !== shard)
    throw new ClusterError(`the claim data-${name} was not made for ${shardName(shard)}, and stays`, {
      nextStep: `See \`kubectl describe persistentvolumeclaim data-${name}\`; delete it, and run this again.`,
    });
  await client.delete(claim);
  await gone(`the claim of ${name}`, async () => (await client.read(claim)) === null);
  return true;
}
