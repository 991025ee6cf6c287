/** Whether shards have elected a leader: asks every member, since each may still follow another. */
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { shardOf, type LiveStatefulSet } from './live-objects.ts';
import { memberEndpoint, memberNamesOf } from './read-status.ts';

const answerTimeoutMs = 3000;

type Asked = Pick<KubernetesCluster, 'instance' | 'members'>;

/** The leader that all members of each shard follow; null while some shard has none. */
export async function findLeaders(
  cluster: Asked,
  statefulSets: readonly LiveStatefulSet[],
): Promise<string[] | null> {
  const leaders = await Promise.all(statefulSets.map((set) => findLeader(cluster, set)));
  return leaders.every((leader) => leader !== null) ? leaders : null;
}

/** The leader that all of these members of a shard follow, and that is one of them; null while there is no such leader. */
export async function findLeader(
  cluster: Asked,
  set: LiveStatefulSet,
  names: readonly string[] = memberNamesOf(set),
): Promise<string | null> {
  const answers = await Promise.all(
    names.map((name) =>
      cluster.members.call(
        memberEndpoint(cluster.instance, shardOf(set)!, name),
        { kind: 'status' },
        { deadlineMs: answerTimeoutMs },
      ),
    ),
  );
  const replies = answers.map((answer) =>
    answer.kind === 'reply' && answer.reply.kind === 'status' ? answer.reply : null,
  );
  const named = new Set(replies.map((reply) => reply?.leaderId ?? '0'));
  if (named.size !== 1 || named.has('0')) return null;
  return names[replies.findIndex((reply) => reply?.header?.memberId === reply?.leaderId)] ?? null;
}
