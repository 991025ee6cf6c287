/**
 * Removes one member from a shard that serves: another becomes leader, the view no longer names the member and nobody asks it,
 * etcd removes it, and only then its pod and claim are deleted. A StatefulSet can delete only its highest pod. The next call
 * continues a call that was cut short anywhere.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { shardName } from '../../../../sharder/core/view.ts';
import { asHex, moveLeader, removeEtcdMember } from '../../../etcd/member-api.ts';
import { ClusterError } from '../../../errors.ts';
import type { ShardIdentity } from '../../../manifests/shard-identity.ts';
import { describeTolerance } from '../../member-numbers.ts';
import { goInRounds, RoundsProgress } from '../../member-rounds.ts';
import { counted } from '../../steps.ts';
import { writeIdentity } from '../formed-shards.ts';
import { statusOf, type ShardLeader } from '../shard-members.ts';
import {
  askLeader,
  demandIdentity,
  demandOwnAddresses,
  refuseRemoval,
  seeShard,
  votersOf,
  type MemberChange,
} from './member-change.ts';
import { deleteClaim, hasPlace, resizeSet } from './resize-set.ts';
import { nameInView } from './view-followers.ts';

const pollMs = 500;
const patienceMs = 60_000;
/** After a hand-over an election makes the new leader, and the others hear of it a moment later. */
const handOverMs = 1000;

/**
 * Takes the member out of its shard, or continues a removal.
 * @returns what has been done: sentences.
 * @throws ClusterError where the shard cannot do without it: then nothing is changed; and when the removal makes no progress.
 */
export async function removeMember(change: MemberChange): Promise<string> {
  const { cluster, shard, name, options } = change;
  await demandOwnAddresses(change);
  const begun = await demandIdentity(change);
  refuseLower(change, begun);
  // The quorum no longer needs a member that an earlier call has removed.
  if (begun.leaving === undefined || begun.members.includes(name)) {
    const seen = await seeShard(change, options.signal);
    refuseRemoval(shard, seen, name);
    const { adding: _, ...rest } = seen.identity;
    await writeIdentity(cluster, shard, { ...rest, leaving: name });
  }
  const late = await leave(change, new RoundsProgress(options.report));
  options.report(`stopping ${name}`);
  const identity = await forget(change);
  const { length } = identity.members;
  return [
    `${name} has left ${shardName(shard)}, which has ${counted(length, 'member')} now.`,
    'Its claim is deleted; its disk stays without one.',
    describeTolerance(length),
    ...late.map((follower) => `${follower} has not heard of it yet.`),
  ].join(' ');
}

function refuseLower({ shard, name }: MemberChange, { members, adding, leaving }: ShardIdentity): void {
  const last = leaving ?? adding ?? members.at(-1)!;
  if (name === last) return;
  throw new ClusterError(
    `Kubernetes takes the pods of ${shardName(shard)} from the end: ${last} is the one that can leave, not ${name}`,
    {
      nextStep: `\`vase member remove ${last}\`; where the volume of ${name} is lost, \`vase member replace ${name}\`.`,
    },
  );
}

/** @returns the names of the readers of the view that do not have the new view yet. */
async function leave(change: MemberChange, told: RoundsProgress): Promise<string[]> {
  const { shard, name, options } = change;
  let late: string[] | null = null;
  const rounds = {
    fault: `${name} does not come out of ${shardName(shard)}`,
    goOn: `vase member remove ${name}`,
    patienceMs,
    pollMs,
    signal: options.signal,
    progress: told,
  };
  await goInRounds(rounds, async () => {
    const identity = await demandIdentity(change);
    const { leader, own } = await askLeader(change, identity.members);
    if (leader.name === name && own !== undefined) {
      await handOver(change, { leader, identity, told });
      return false;
    }
    if (late === null) {
      told.tell(`taking ${name} out of the view`);
      late = await nameInView(
        change,
        votersOf(identity).filter((each) => each !== name),
      );
      return false;
    }
    if (own === undefined) return true;
    told.tell(`removing ${name} (${asHex(own.id)}) from ${shardName(shard)}`);
    await removeEtcdMember(leader.url, own.id);
    return false;
  });
  return late!;
}

/** Makes another member leader: the one with the most of the log, among those that follow and stay. */
async function handOver(
  { cluster, shard, name, options }: MemberChange,
  { leader, identity, told }: { leader: ShardLeader; identity: ShardIdentity; told: RoundsProgress },
): Promise<void> {
  const others = votersOf(identity).filter((each) => each !== name && leader.followers.includes(each));
  const answers = await Promise.all(
    others.map(async (each) => ({ name: each, status: await statusOf(cluster, shard, each) })),
  );
  const [next] = answers
    .filter(({ status }) => status !== null && !status.isLearner)
    .toSorted((a, b) => b.status!.raftIndex - a.status!.raftIndex);
  if (next === undefined) throw new Error('no other member of its shard is well enough to lead it');
  told.tell(`handing the lead of ${shardName(shard)} to ${next.name}`);
  await moveLeader(leader.url, next.status!.header!.memberId);
  await delay(handOverMs, undefined, { signal: options.signal });
}

/** After etcd has removed the member: deletes its pod, its claim, and last the record that it leaves. */
async function forget(change: MemberChange): Promise<ShardIdentity> {
  const { cluster, shard, name } = change;
  const { leaving, ...identity } = await demandIdentity(change);
  const left: ShardIdentity = {
    ...identity,
    members: identity.members.filter((each) => each !== name),
    joining: identity.joining.filter((each) => each !== name),
  };
  await writeIdentity(cluster, shard, { ...left, leaving: leaving ?? name });
  if (await hasPlace(change)) await resizeSet(change, left.members);
  await deleteClaim(change);
  await writeIdentity(cluster, shard, left);
  return left;
}
