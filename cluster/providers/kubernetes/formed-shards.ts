/**
 * Notes the members with which a shard has been formed, before its fence is written and so before any write can be
 * acknowledged. From then on no pod of the shard starts on an empty volume, and no pod starts that is not one of these members.
 */
import { fenceKeys } from '../../../sharder/core/fence.ts';
import type { ViewShard } from '../../../sharder/core/view.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import {
  identityName,
  identityObject,
  parseIdentity,
  type ShardIdentity,
} from '../../manifests/shard-identity.ts';
import type { KubernetesObject } from '../../manifests/validate-object.ts';
import { shardOf, type LiveStatefulSet } from './live-objects.ts';
import { memberEndpoint, memberNamesOf } from './read-status.ts';

const answerTimeoutMs = 3000;

export interface Instance {
  client: Pick<KubernetesClient, 'read' | 'apply' | 'delete'>;
  instance: string;
}

function nameOf({ instance }: Instance, shard: number) {
  return { apiVersion: 'v1', kind: 'ConfigMap', name: identityName(shard), namespace: instance };
}

/** Null: the shard has not been formed yet. */
export async function readIdentity(cluster: Instance, shard: number): Promise<ShardIdentity | null> {
  const found = await cluster.client.read<KubernetesObject>(nameOf(cluster, shard));
  return found === null ? null : parseIdentity(found);
}

export async function writeIdentity(
  { client, instance }: Instance,
  shard: number,
  identity: ShardIdentity,
): Promise<void> {
  await client.apply(identityObject(instance, shard, identity));
}

export async function deleteIdentity(cluster: Instance, shard: number): Promise<void> {
  await cluster.client.delete(nameOf(cluster, shard));
}

/**
 * A shard that has been noted already stays as noted.
 * @param shard its endpoints name all members that it was made with.
 * @returns whether it was noted now.
 */
export async function noteFormed(cluster: Instance, { id, endpoints }: ViewShard): Promise<boolean> {
  if ((await readIdentity(cluster, id)) !== null) return false;
  const members = endpoints.map((endpoint) => endpoint.split('.', 1)[0]!);
  await writeIdentity(cluster, id, { members, joining: [] });
  return true;
}

/**
 * Notes the shards of a cluster that an earlier version made: they have their fences, and nothing else shows that they
 * have been formed. Runs before anything is applied, since applying restarts their pods.
 * @returns whether there were any.
 */
export async function noteFormedBefore(
  cluster: Instance & { members: EtcdCaller },
  sets: readonly LiveStatefulSet[],
): Promise<boolean> {
  const noted = await Promise.all(
    sets.map(async (set) => {
      const id = shardOf(set)!;
      const endpoints = memberNamesOf(set).map((name) => memberEndpoint(cluster.instance, id, name));
      if ((await readIdentity(cluster, id)) !== null) return false;
      const fenced = await Promise.all(endpoints.map((endpoint) => hasFence(cluster.members, endpoint)));
      return fenced.includes(true) && noteFormed(cluster, { id, endpoints });
    }),
  );
  return noted.includes(true);
}

async function hasFence(members: EtcdCaller, endpoint: string): Promise<boolean> {
  const request = { kind: 'range', ...fenceKeys } as const;
  const result = await members.call(endpoint, request, { deadlineMs: answerTimeoutMs });
  return result.kind === 'reply' && result.reply.kind === 'range' && result.reply.kvs.length > 0;
}
