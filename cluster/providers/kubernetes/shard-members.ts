/** The members of one shard in Kubernetes as they answer for themselves, and the way to its leader. */
import type { StatusReply } from '../../../sharder/core/etcd-messages.ts';
import { shardName } from '../../../sharder/core/view.ts';
import { etcdPorts } from '../../manifests/names.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { memberEndpoint } from './read-status.ts';

/** The first answer through new tunnels to a busy machine takes its time. */
const answerTimeoutMs = 6000;

export interface ShardLeader {
  name: string;
  /** For etcd's own calls. */
  url: string;
  status: StatusReply;
  /** Names of all members that follow it, itself included. */
  followers: string[];
}

/** The member's name inside the cluster. */
export function hostOf(instance: string, shard: number, member: string): string {
  return `${member}.${shardName(shard)}.${instance}.svc`;
}

/** Null where the member does not answer. */
export async function statusOf(
  cluster: Pick<KubernetesCluster, 'instance' | 'members'>,
  shard: number,
  member: string,
): Promise<StatusReply | null> {
  const endpoint = memberEndpoint(cluster.instance, shard, member);
  const result = await cluster.members.call(endpoint, { kind: 'status' }, { deadlineMs: answerTimeoutMs });
  return result.kind === 'reply' && result.reply.kind === 'status' ? result.reply : null;
}

/** The leader among these members, in the newest term; null while there is none. */
export async function findShardLeader(
  cluster: KubernetesCluster,
  shard: number,
  names: readonly string[],
): Promise<ShardLeader | null> {
  const answers = await Promise.all(
    names.map(async (name) => ({ name, status: await statusOf(cluster, shard, name) })),
  );
  const known = answers.flatMap(({ name, status }) => (status === null ? [] : [{ name, status }]));
  const [leader] = known
    .filter(({ status }) => status.leaderId !== '0' && status.leaderId === status.header?.memberId)
    .toSorted((a, b) => b.status.raftTerm - a.status.raftTerm);
  if (leader === undefined) return null;
  const { name, status } = leader;
  const followers = known.filter((each) => each.status.leaderId === status.leaderId);
  const door = await cluster.tunnels.open({ name, port: etcdPorts.client, pod: () => name });
  return { name, status, url: `http://${door}`, followers: followers.map((each) => each.name) };
}
