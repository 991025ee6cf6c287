/**
 * How a member gets its vote, or leaves, as an operator's `vase member replace` does it: in rounds, each of which reads the
 * member list of the leader and asks for the next step. It stands for cluster/providers/member-rounds.ts and its users, which
 * start real processes in real time.
 */
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimMember } from '../../etcd/member.ts';
import { MembershipChange } from '../../raft/membership.ts';
import type { World } from '../world/world.ts';

const pollUs = 200_000;

/** Begins now, and goes on until no step is left, whatever gets lost. */
export function joinInRounds(world: World, cluster: SimCluster, member: SimMember): void {
  if (cluster.isRetired || member.join === null) return;
  doNextStep(world, cluster, member);
  world.kernel.schedule(world.kernel.nowUs + pollUs, () => joinInRounds(world, cluster, member), undefined);
}

function doNextStep(world: World, cluster: SimCluster, member: SimMember): void {
  const join = member.join!;
  const leader = cluster.leader();
  if (leader === null) return;
  const { membership } = leader.raft.node.state;
  const tell = (step: MembershipChange['kind'] | 'start', node: number): void =>
    world.tracer.tell('operator', { name: 'member.step', step, member: member.process.name, node });
  const ask = (kind: MembershipChange['kind'], node: number): void => {
    tell(kind, node);
    leader.changeMembership(new MembershipChange(kind, node));
  };
  // Removals come first: these nodes may have promised something. A new leader may not have applied the last change yet.
  const leaves = join.isLeaving ? [...join.replaces, join.node] : join.replaces;
  const next = leaves.find((node) => !membership.isRemoved(node));
  if (next !== undefined) ask('remove', next);
  else if (join.isLeaving) {
    cluster.dismiss(member);
    end(world, member, 'left');
  } else if (membership.isVoter(join.node)) end(world, member, 'joined');
  else if (!membership.isLearner(join.node)) ask('add_learner', join.node);
  else if (!join.isStarted) {
    join.isStarted = true;
    tell('start', join.node);
    member.startAnew(join.node);
  } else if (world.nowMs >= join.learnsUntilMs) ask('promote', join.node);
}

function end(world: World, member: SimMember, how: 'joined' | 'left'): void {
  member.join = null;
  world.counters[how === 'joined' ? 'membersJoined' : 'membersLeft']++;
  world.tracer.emit('operator', { name: `member.${how}`, member: member.process.name });
}
