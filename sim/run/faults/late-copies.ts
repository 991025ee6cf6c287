/** Copies of Raft's messages that arrive when their leader is no longer the leader: the fault that etcd's issue 20418 needs. */
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimMember } from '../../etcd/member.ts';
import type { World } from '../world/world.ts';
import { pick, split, type Struck } from './fault-acts.ts';
import type { Fault } from '../scenario/scenario.ts';
import type { SimSharder } from '../world/sim-sharder.ts';

export function copyLate(
  { sharder: number, splitAfterMs, delayMs }: Extract<Fault, { kind: 'late_copies' }>,
  leader: SimMember,
  parts: { world: World; cluster: SimCluster; sharders: readonly SimSharder[] },
): Struck {
  const { world, cluster, sharders } = parts;
  const to = leader.process.name;
  const beside = pick(sharders, number);
  for (const { process } of cluster.members)
    if (process.name !== to) world.network.echo({ from: process.name, to, delayMs });
  // These sharders ask the followers, and the followers ask the leader.
  for (const { process } of sharders) {
    if (process === beside.process) continue;
    world.network.cut({ from: process.name, to });
    world.network.cut({ from: to, to: process.name });
  }
  world.kernel.scheduleAsync((world.nowMs + splitAfterMs) * 1000, () =>
    split(leader, beside, world, cluster, sharders),
  );
  return { target: to, end: () => world.network.heal() };
}
