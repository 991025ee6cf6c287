/** What a change of a shard's members in Kubernetes needs to know, and which changes are refused with which message. */
import { setTimeout as delay } from 'node:timers/promises';
import { shardName } from '../../../../sharder/core/view.ts';
import { listEtcdMembers, type EtcdMember } from '../../../etcd/member-api.ts';
import { ClusterError } from '../../../errors.ts';
import { etcdPorts } from '../../../manifests/names.ts';
import type { Blueprint } from '../../../manifests/overlay.ts';
import { initialClusterVariable } from '../../../manifests/shard-addresses.ts';
import type { ShardIdentity } from '../../../manifests/shard-identity.ts';
import { membersMax } from '../../member-numbers.ts';
import { counted } from '../../steps.ts';
import type { MemberOptions } from '../../provider.ts';
import { changeOf } from '../begun-change.ts';
import { readIdentity } from '../formed-shards.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { readLiveObjects, shardOf, type LiveStatefulSet } from '../live-objects.ts';
import { findShardLeader, hostOf, type ShardLeader } from '../shard-members.ts';

/** An election on a busy machine takes seconds. */
const settleMsMax = 10_000;
const pollMs = 500;

export interface MemberChange {
  cluster: KubernetesCluster;
  /** What the cluster's objects are made from; how many members each shard has is read anew. */
  blueprint: Blueprint;
  shard: number;
  name: string;
  options: MemberOptions;
}

export type ShardPlace = Pick<MemberChange, 'cluster' | 'shard'>;

export interface SeenShard {
  identity: ShardIdentity;
  /** Null where there is no leader. */
  leader: ShardLeader | null;
}

/** @throws ClusterError where the shard has not been formed yet. */
export async function demandIdentity({ cluster, shard }: ShardPlace): Promise<ShardIdentity> {
  const identity = await readIdentity(cluster, shard);
  if (identity !== null) return identity;
  throw new ClusterError(`${shardName(shard)} has not been formed yet`, { nextStep: 'Run `make up`.' });
}

/** @throws ClusterError where the shard has no StatefulSet. */
export async function demandSet({ cluster, shard }: ShardPlace): Promise<LiveStatefulSet> {
  const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
  const set = statefulSets.find((each) => shardOf(each) === shard);
  if (set !== undefined) return set;
  throw new ClusterError(`${shardName(shard)} has no StatefulSet`, { nextStep: 'Run `make up`.' });
}

/** @throws ClusterError where an earlier version made the objects, with all members' addresses in each pod. */
export async function demandOwnAddresses(place: ShardPlace): Promise<void> {
  const { spec } = await demandSet(place);
  const { name } = initialClusterVariable(place.shard);
  const [container] = spec?.template.spec?.containers ?? [];
  if (container?.env?.some((variable) => variable.name === name)) return;
  throw new ClusterError(
    `the objects of ${shardName(place.shard)} are those of a version that could not change its members`,
    { nextStep: 'Run `make up` once: it starts the members anew, one at a time.' },
  );
}

/** Waits a moment for a leader that all voters follow. */
export async function seeShard(place: ShardPlace, signal: AbortSignal): Promise<SeenShard> {
  const untilMs = performance.now() + settleMsMax;
  for (;;) {
    signal.throwIfAborted();
    const identity = await demandIdentity(place);
    const voters = votersOf(identity);
    const leader = await findShardLeader(place.cluster, place.shard, identity.members);
    const isSettled = leader !== null && voters.every((name) => leader.followers.includes(name));
    if (isSettled || performance.now() > untilMs) return { identity, leader };
    await delay(pollMs, undefined, { signal });
  }
}

export function votersOf({ members, joining }: ShardIdentity): string[] {
  return members.filter((name) => !joining.includes(name));
}

/** @throws ClusterError where no member may be added. */
export function refuseAddition(shard: number, { identity, leader }: SeenShard): void {
  const name = shardName(shard);
  refuseOtherChange(shard, identity, null);
  const { length } = identity.members;
  if (length >= membersMax)
    throw new ClusterError(
      `${name} has ${counted(length, 'member')}, and more than ${membersMax} it may not have`,
      { nextStep: 'More members make writes slower. For more room or speed: `vase shard add`.' },
    );
  if (leader === null) throw leaderless(shard);
  const away = votersOf(identity).find((member) => !leader.followers.includes(member));
  if (away !== undefined)
    throw new ClusterError(
      `${away} does not follow the leader of ${name}: etcd adds a member only when all others are well`,
      {
        nextStep: `See \`make status\`; \`vase member replace ${away}\` puts a new one in its place where its volume is lost.`,
      },
    );
}

/** @throws ClusterError where the shard cannot do without the member. */
export function refuseRemoval(shard: number, { identity, leader }: SeenShard, member: string): void {
  const name = shardName(shard);
  refuseOtherChange(shard, identity, member);
  const others = votersOf(identity).filter((each) => each !== member);
  if (others.length === 0)
    throw new ClusterError(`${member} is the only member of ${name} that has its data`, {
      nextStep: `Add another first: \`vase member add ${name}\`. All of a shard goes with \`vase shard remove ${shard}\`.`,
    });
  if (leader === null) throw leaderless(shard);
  // The quorum does not need a member that has no vote.
  if (!votersOf(identity).includes(member)) return;
  const left = others.filter((each) => leader.followers.includes(each));
  if (left.length > others.length / 2) return;
  const away = others.find((each) => !left.includes(each))!;
  throw new ClusterError(
    `without ${member} ${name} would have no quorum: ${left.length} of the ${others.length} members that would be left ` +
      (left.length === 1 ? 'is well' : 'are well'),
    {
      nextStep: `Bring ${away} back first: \`make up\`, or \`vase member replace ${away}\` where its volume is lost.`,
    },
  );
}

/** @param but the member that this command changes. */
function refuseOtherChange(shard: number, identity: ShardIdentity, but: string | null): void {
  const change = changeOf(shard, identity);
  if (change === null || change.name === but) return;
  throw new ClusterError(
    `${change.name} is on its way into ${shardName(shard)} or out of it, and one member changes at a time`,
    { nextStep: `\`${change.goOn}\` goes on with that.` },
  );
}

function leaderless(shard: number): ClusterError {
  return new ClusterError(`${shardName(shard)} has no leader with a quorum: its members cannot be changed`, {
    nextStep: 'See `make status`: Kubernetes starts its members again; if it does not, `make up` says why.',
  });
}

/** The shard's own member list, as its leader has it, and the member in it. @throws Error while there is no leader. */
export async function askLeader(
  { cluster, shard, name }: Pick<MemberChange, 'cluster' | 'shard' | 'name'>,
  names: readonly string[],
): Promise<{ leader: ShardLeader; own: EtcdMember | undefined }> {
  const leader = await findShardLeader(cluster, shard, names);
  if (leader === null) throw new Error(`nothing leads ${shardName(shard)}`);
  const peer = `//${hostOf(cluster.instance, shard, name)}:${etcdPorts.peer}`;
  const list = await listEtcdMembers(leader.url);
  return { leader, own: list.find(({ peerURLs }) => peerURLs.some((url) => url.endsWith(peer))) };
}
