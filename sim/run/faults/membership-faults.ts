/** Members that lose their disks, and shards that get one more member and lose it again. */
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimMember } from '../../etcd/member.ts';
import type { World } from '../world/world.ts';
import { pick, type Struck } from './fault-acts.ts';
import { joinInRounds } from './join-rounds.ts';
import type { Fault } from '../scenario/scenario.ts';

/** After this time a learner has been added, and has the log up to then. */
const aloneFromMs = 300;

/**
 * The member is down, and its operator replaces it by a new one after `repairAfterMs`.
 * @returns null where the lost members would be no minority: their shard could not be repaired so.
 */
export function loseDisk(
  member: SimMember,
  cluster: SimCluster,
  { world, repairAfterMs }: { world: World; repairAfterMs: number },
): Struck | null {
  const others = cluster.members.filter((other) => other !== member && isLost(other));
  if (member.join?.isLeaving === true || (others.length + 1) * 2 >= cluster.endpoints.length) return null;
  const node = cluster.renumber(member);
  if (node === null) return null;
  const isUnderWay = member.join !== null;
  const replaces = [...(member.join?.replaces ?? []), member.join?.node ?? member.node];
  member.loseDisk();
  world.counters.lostDisks++;
  // Tries what a supervisor does: to start it.
  member.restart();
  if (member.process.state !== 'down') return { target: member.process.name };
  member.join = { replaces, node, isStarted: false, isLeaving: false, learnsUntilMs: 0 };
  if (!isUnderWay)
    world.kernel.schedule(
      (world.nowMs + repairAfterMs) * 1000,
      () => joinInRounds(world, cluster, member),
      undefined,
    );
  return { target: member.process.name };
}

function isLost({ join }: SimMember): boolean {
  return join !== null && join.replaces.length > 0;
}

/**
 * While some members are away (as many as may be), others acknowledge. One of those loses its disk; then only it and the members
 * that were away could make a quorum, because the rest are away until the end.
 */
export function loseDiskBesideOthers(
  { member: number, behindMs, repairAfterMs }: Extract<Fault, { kind: 'lose_disk' }>,
  cluster: SimCluster,
  world: World,
): Struck | null {
  const { members } = cluster;
  const member = pick(members, number);
  if (members.length < 3) return null;
  if (behindMs === 0) return loseDisk(member, cluster, { world, repairAfterMs });
  const away = members.filter((_, at) => isAway(at, number % members.length, members.length));
  for (const other of away) other.crash('kill');
  const start = (list: readonly SimMember[]): void => list.forEach((other) => other.restart());
  let others: readonly SimMember[] = [];
  world.kernel.scheduleAsync((world.nowMs + behindMs) * 1000, () => {
    if (loseDisk(member, cluster, { world, repairAfterMs }) !== null)
      others = cluster.members.filter((other) => other !== member && !away.includes(other));
    for (const other of others) other.crash('kill');
    start(away);
  });
  return { target: `${member.process.name}, behind others`, end: () => start([...away, ...others]) };
}

/** Whether this is one of the members that follow the lost one in order: a minority. */
function isAway(at: number, lost: number, count: number): boolean {
  const distance = (at - lost + count) % count;
  return distance > 0 && distance * 2 < count;
}

/** One more member joins, and leaves at the end. */
export function growShard(
  { learnsMs, withLeader }: Extract<Fault, { kind: 'grow_shard' }>,
  cluster: SimCluster,
  world: World,
): Struck | null {
  if (cluster.isRetired) return null;
  const member = world.addMember(cluster);
  if (member === null) return null;
  const { node } = member;
  member.onChanges = cluster.members[0]!.onChanges;
  const learnsUntilMs = world.nowMs + learnsMs;
  member.join = { replaces: [], node, isStarted: true, isLeaving: false, learnsUntilMs };
  joinInRounds(world, cluster, member);
  if (withLeader && learnsMs > aloneFromMs)
    world.kernel.scheduleAsync((world.nowMs + aloneFromMs) * 1000, () =>
      leaveAlone(member, cluster, { world, untilMs: learnsUntilMs }),
    );
  return { target: member.process.name, end: () => leave(member, cluster, world) };
}

/** Cuts the leader and the learner off from all other members. */
function leaveAlone(
  learner: SimMember,
  cluster: SimCluster,
  { world, untilMs }: { world: World; untilMs: number },
): void {
  const leader = cluster.leader();
  if (leader === null || leader === learner) return;
  const nameOf = ({ process }: SimMember): string => process.name;
  const others = cluster.members.filter((other) => other !== leader && other !== learner);
  world.network.partition([[leader, learner].map(nameOf), others.map(nameOf)]);
  world.kernel.scheduleAsync(untilMs * 1000, () => world.network.heal());
}

function leave(member: SimMember, cluster: SimCluster, world: World): void {
  const isUnderWay = member.join !== null;
  member.join ??= { replaces: [], node: member.node, isStarted: true, isLeaving: false, learnsUntilMs: 0 };
  member.join.isLeaving = true;
  if (!isUnderWay) joinInRounds(world, cluster, member);
}
