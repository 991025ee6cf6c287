/**
 * Adds one member to a shard that serves: the member is noted, then added to etcd as a learner, then its pod starts on an empty
 * volume, then it becomes a voter, then the view names it. The next call continues a call that was cut short anywhere: it sees
 * what is done in the shard's ConfigMap, in its StatefulSet and in etcd's own list.
 */
import { shardName } from '../../../../sharder/core/view.ts';
import { addLearner, promoteLearner } from '../../../etcd/member-api.ts';
import { etcdPorts } from '../../../manifests/names.ts';
import type { ShardIdentity } from '../../../manifests/shard-identity.ts';
import { describeTolerance } from '../../member-numbers.ts';
import { goInRounds, isNear, RoundsProgress } from '../../member-rounds.ts';
import { counted } from '../../steps.ts';
import { writeIdentity } from '../formed-shards.ts';
import { hostOf, statusOf } from '../shard-members.ts';
import {
  askLeader,
  demandIdentity,
  demandOwnAddresses,
  refuseAddition,
  seeShard,
  type MemberChange,
} from './member-change.ts';
import { deleteClaim, hasPlace, resizeSet } from './resize-set.ts';
import { nameInView } from './view-followers.ts';

const pollMs = 500;
/** A node may have to fetch an image. */
const patienceMs = 120_000;

/**
 * Adds a member, or continues an addition that was begun.
 * @returns its name, and what has been done: sentences.
 * @throws ClusterError where none may be added, or the addition makes no progress.
 */
export async function addMember(change: Omit<MemberChange, 'name'>): Promise<{ name: string; done: string }> {
  const { cluster, shard, options } = change;
  await demandOwnAddresses(change);
  let { adding: name } = await demandIdentity(change);
  if (name === undefined) {
    const seen = await seeShard(change, options.signal);
    refuseAddition(shard, seen);
    name = `${shardName(shard)}-${seen.identity.members.length}`;
    await writeIdentity(cluster, shard, { ...seen.identity, adding: name });
  }
  return { name, done: await finishAddition({ ...change, name }) };
}

/** @returns what has been done: sentences. @throws ClusterError when the addition makes no progress. */
async function finishAddition(change: MemberChange): Promise<string> {
  const { cluster, shard, name, options } = change;
  const progress = new RoundsProgress(options.report);
  const goOn = `vase member add ${shardName(shard)}`;
  const fault = `${name} does not come to its vote in ${shardName(shard)}`;
  await goInRounds({ fault, goOn, patienceMs, pollMs, signal: options.signal, progress }, () =>
    nextStep(change, progress),
  );
  options.report(`naming ${name} in the view`);
  const { adding: _, ...added } = await demandIdentity(change);
  const late = await nameInView(change, added.members);
  await writeIdentity(cluster, shard, added);
  const { length } = added.members;
  return [
    `${name} is a member of ${shardName(shard)}, which has ${counted(length, 'member')} now.`,
    describeTolerance(length),
    ...late.map((follower) => `${follower} has not heard of it yet.`),
  ].join(' ');
}

/** Returns true when the member has its vote. */
async function nextStep(change: MemberChange, progress: RoundsProgress): Promise<boolean> {
  const { cluster, shard, name } = change;
  const identity = await demandIdentity(change);
  const others = identity.members.filter((each) => each !== name);
  const { leader, own } = await askLeader(change, others);
  if (own === undefined) {
    progress.tell(`adding ${name} to ${shardName(shard)} as a learner`);
    await addLearner(leader.url, `http://${hostOf(cluster.instance, shard, name)}:${etcdPorts.peer}`);
    return false;
  }
  if (!own.isLearner) {
    await writeIdentity(cluster, shard, asVoter(identity, name));
    progress.tell(`${name} has its vote`);
    return true;
  }
  if (!(await hasPlace(change))) return startPod(change, identity, progress);
  const status = await statusOf(cluster, shard, name);
  if (status === null) throw new Error(`${name} does not answer`);
  if (!isNear(name, status, leader.status, progress)) return false;
  // From now on the member's volume holds what the member promises.
  await writeIdentity(cluster, shard, asVoter(identity, name));
  await promoteLearner(leader.url, own.id);
  return false;
}

/** From now on the guard admits an empty volume. A claim of an earlier member goes first: etcd would start on that one's data. */
async function startPod(
  change: MemberChange,
  identity: ShardIdentity,
  progress: RoundsProgress,
): Promise<false> {
  const { cluster, shard, name } = change;
  if (await deleteClaim(change)) progress.tell(`the disk of an earlier ${name} stays without a claim`);
  const others = identity.members.filter((each) => each !== name);
  const joining = [...identity.joining.filter((each) => each !== name), name];
  const members = [...others, name];
  await writeIdentity(cluster, shard, { ...identity, members, joining });
  progress.tell(`starting ${name} on a new volume`);
  await resizeSet(change, members);
  return false;
}

function asVoter(identity: ShardIdentity, name: string): ShardIdentity {
  const { members, joining } = identity;
  return {
    ...identity,
    members: members.includes(name) ? members : [...members, name],
    joining: joining.filter((each) => each !== name),
  };
}
