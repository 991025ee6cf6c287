/** How faults change a world, and how they end. */
import type { EtcdRpc } from '../../../sharder/core/ports.ts';
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimMember } from '../../etcd/member.ts';
import type { World } from '../world/world.ts';
import type { Fault } from '../scenario/scenario.ts';
import type { SimSharder } from '../world/sim-sharder.ts';

const giveRoomEveryMs = 100;
const giveRoomForMs = 1000;

export interface Struck {
  target: string;
  end?: () => void;
}

export function pick<Item>(items: readonly Item[], number: number): Item {
  return items[number % items.length]!;
}

export function onLeader(cluster: SimCluster, act: (leader: SimMember) => Struck): Struck | null {
  const leader = cluster.leader();
  return leader === null ? null : act(leader);
}

export function killMember(member: SimMember, power: boolean): Struck {
  member.crash(power ? 'power' : 'kill');
  return { target: member.process.name, end: () => member.restart() };
}

export function pauseProcess(process: { name: string; pause(): void; resume(): void }): Struck {
  process.pause();
  return { target: process.name, end: () => process.resume() };
}

export function cutOff(process: { name: string }, cluster: SimCluster, world: World): Struck {
  for (const member of cluster.members) {
    world.network.cut({ from: process.name, to: member.process.name });
    world.network.cut({ from: member.process.name, to: process.name });
  }
  return { target: `${process.name} from ${cluster.name}`, end: () => world.network.heal() };
}

export function isolate(
  leader: SimMember,
  clientsReachIt: boolean,
  world: World,
  cluster: SimCluster,
): Struck {
  const { name } = leader.process;
  const others = cluster.members.filter((member) => member !== leader).map((member) => member.process.name);
  const all = world.processes.map((process) => process.name).filter((each) => each !== name);
  for (const other of clientsReachIt ? others : all) {
    world.network.cut({ from: name, to: other });
    world.network.cut({ from: other, to: name });
  }
  return { target: name, end: () => world.network.heal() };
}

export function split(
  leader: SimMember,
  sharder: SimSharder,
  world: World,
  cluster: SimCluster,
  sharders: readonly SimSharder[],
): Struck {
  const here = [leader.process.name, sharder.process.name];
  const members = cluster.members.filter((member) => member !== leader).map((member) => member.process.name);
  const others = sharders.filter((each) => each !== sharder).map((each) => each.process.name);
  world.network.partition([here, [...members, ...others]]);
  return { target: `${here.join(', ')} from the others`, end: () => world.network.heal() };
}

export function compact(cluster: SimCluster, rpc: EtcdRpc): Struck | null {
  return onLeader(cluster, (leader) => {
    const { revision } = leader.machine.store;
    void rpc.call(`${leader.process.name}:2379`, { kind: 'compact', revision }, { deadlineMs: 1000 });
    return { target: leader.process.name };
  });
}

/**
 * Compacts every so often, as etcd does by itself, the history older than `retentionMs`. A shard whose history is compacted up to
 * there already is not asked again: it would refuse, and its refusals were four of ten entries of all logs.
 */
export function compactSteadily(
  cluster: SimCluster,
  { world, rpc, retentionMs }: { world: World; rpc: () => EtcdRpc; retentionMs: number },
): void {
  let revision = 0;
  const { kernel } = world;
  const compactLater = () => kernel.schedule((world.nowMs + retentionMs) * 1000, compactOnce, undefined);
  const compactOnce = () => {
    if (cluster.isRetired) return;
    const leader = cluster.leader();
    if (leader !== null) {
      if (revision > Math.max(0, leader.machine.store.compactRevision)) {
        kernel.touchPromises();
        void rpc().call(`${leader.process.name}:2379`, { kind: 'compact', revision }, { deadlineMs: 1000 });
      }
      ({ revision } = leader.machine.store);
    }
    compactLater();
  };
  compactLater();
}

export function breakWatches(
  world: World,
  cluster: SimCluster,
  { everyMs, untilMs }: { everyMs: number; untilMs: number },
): void {
  if (world.nowMs >= untilMs) return;
  for (const member of cluster.members)
    if (member.process.state === 'running') member.machine.watches.breakAll();
  world.kernel.scheduleAsync((world.nowMs + everyMs) * 1000, () =>
    breakWatches(world, cluster, { everyMs, untilMs }),
  );
}

/** A member that restarts has new watches, which are not mute. */
export function muteWatches({ name, members }: SimCluster): Struck {
  const hubs = members.map(({ machine }) => machine.watches);
  for (const hub of hubs) hub.setMute(true);
  return { target: name, end: () => hubs.forEach((hub) => hub.setMute(false)) };
}

/** As `muteWatches`, but the watches never hear the lost events later. */
export function loseEvents({ name, members }: SimCluster, oneIn: number): Struck {
  const hubs = members.map(({ machine }) => machine.watches);
  for (const hub of hubs) hub.setLossy(oneIn);
  return { target: name, end: () => hubs.forEach((hub) => hub.setLossy(0)) };
}

export function loseReplies(cluster: SimCluster, sharders: readonly SimSharder[], world: World): Struck {
  for (const member of cluster.members)
    for (const sharder of sharders)
      world.network.cut({ from: member.process.name, to: sharder.process.name });
  return { target: `of ${cluster.name}`, end: () => world.network.heal() };
}

export function fillShard(cluster: SimCluster, bytes: number, world: World): Struck | null {
  return onLeader(cluster, (leader) => {
    leader.setRoom(bytes);
    return {
      target: cluster.name,
      end: () => giveRoom(cluster, world, { untilMs: world.nowMs + giveRoomForMs }),
    };
  });
}

/** Again and again: a quota on its way to a leader may come into force late. */
export function giveRoom(cluster: SimCluster, world: World, { untilMs }: { untilMs: number }): void {
  if (world.nowMs > untilMs) return;
  const leader = cluster.leader();
  if (leader !== null && leader.machine.room.left !== null) {
    world.kernel.touchPromises();
    leader.setRoom(null);
  }
  world.kernel.schedule(
    (world.nowMs + giveRoomEveryMs) * 1000,
    () => giveRoom(cluster, world, { untilMs }),
    undefined,
  );
}

/** Null when both are the same cluster. */
export function swapAddresses(one: SimCluster, other: SimCluster, world: World): Struck | null {
  if (one === other) return null;
  const lead = (from: SimCluster, to: SimCluster) =>
    from.endpoints.map((endpoint, at) =>
      world.addresses.lead(endpoint, pick(to.members, at), { lasts: false }),
    );
  const ends = [...lead(one, other), ...lead(other, one)];
  return { target: `${one.name} and ${other.name}`, end: () => ends.forEach((end) => end()) };
}

/** An address that strays until the end is one of several: its shard keeps the others. */
export function strayAddress(
  { member, forGood }: Extract<Fault, { kind: 'stray_address' }>,
  shard: SimCluster,
  other: SimCluster,
  world: World,
): Struck | null {
  if (shard === other || (forGood && shard.members.length === 1)) return null;
  const at = forGood ? 0 : member;
  const endpoint = pick(shard.endpoints, at);
  const stranger = pick(other.members, at);
  const end = world.addresses.lead(endpoint, stranger, { lasts: forGood });
  return { target: `${endpoint} to ${stranger.process.name}`, ...(forGood ? {} : { end }) };
}

export function flap(
  world: World,
  cluster: SimCluster,
  { everyMs, untilMs }: { everyMs: number; untilMs: number },
): void {
  const random = world.random(`flap ${world.nowMs}`);
  const strikeOnce = () => {
    if (world.nowMs >= untilMs) return;
    const member = cluster.member(random.nextBelow(cluster.members.length));
    if (member.process.state === 'running') {
      member.crash('kill');
      member.restart();
    }
    world.kernel.scheduleAsync((world.nowMs + everyMs) * 1000, strikeOnce);
  };
  strikeOnce();
}

export function killVoters(
  world: World,
  cluster: SimCluster,
  { everyMs, untilMs }: { everyMs: number; untilMs: number },
): void {
  const { kernel } = world;
  const startAnew = (member: SimMember) => {
    if (member.process.state !== 'running' || world.nowMs >= untilMs) return;
    member.crash('kill');
    member.restart();
  };
  for (const member of cluster.members) member.raft.onVoteSent.push(() => startAnew(member));
  const depose = () => {
    if (world.nowMs >= untilMs) return;
    for (const member of cluster.members) if (member.isLeader) startAnew(member);
    kernel.scheduleAsync((world.nowMs + everyMs) * 1000, depose);
  };
  depose();
}

export function linkOf(
  fault: Extract<Fault, { kind: 'cut' }>,
  world: World,
  sharders: readonly SimSharder[],
): { from: string; to: string } {
  const sharder = pick(sharders, fault.sharder).process.name;
  const member = pick(pick(world.clusters, fault.shard).members, fault.member).process.name;
  return fault.towardsMember ? { from: sharder, to: member } : { from: member, to: sharder };
}
