/** Strikes a world with the faults of a scenario, each at its moment, and ends each after its time. */
import type { EtcdRpc } from '../../sharder/core/ports.ts';
import type { SimCluster } from '../etcd/cluster.ts';
import type { SimMember } from '../etcd/member.ts';
import type { World } from '../world.ts';
import { answerOddly } from './odd-answer-fault.ts';
import type { Fault, FaultKind } from './scenario.ts';
import type { SimSharder } from './sim-sharder.ts';
import type { SimViewServer } from './sim-view-server.ts';

export interface FaultTargets {
  world: World;
  sharders: readonly SimSharder[];
  viewServers: readonly SimViewServer[];
  /** The cluster of a shard by its id. */
  clusterOf(shard: number): SimCluster;
  /** Calls to members from a process that no fault befalls. */
  rpc: EtcdRpc;
  /** The operator wants a move undone, whatever has become of it. */
  abort(move: string): void;
  /** Faults strike until then. */
  faultsUntilMs: number;
}

/** Faults that had something to strike, by kind. */
export type FaultTally = Partial<Record<FaultKind, number>>;

const giveRoomEveryMs = 100;
const giveRoomForMs = 1000;
const perfect = { loss: 0, duplicate: 0, reorder: 0 };
/** Late messages make candidates of one term meet members that have been restarted since they voted. */
const lateNetwork = { loss: 0.05, duplicate: 0.05, reorder: 0.4 };

type TimedFault = Exclude<Fault, { kind: 'strike_phase' }>;

/** Schedules the faults that have a moment; `tally` counts those that struck. */
export function scheduleFaults(
  faults: readonly TimedFault[],
  targets: FaultTargets,
  tally: FaultTally,
): void {
  const { kernel, tracer } = targets.world;
  for (const fault of faults) {
    kernel.scheduleAsync(fault.atMs * 1000, () => {
      const struck = strike(fault, targets);
      if (struck === null) return;
      tally[fault.kind] = (tally[fault.kind] ?? 0) + 1;
      tracer.emit('nemesis', { name: `fault.${fault.kind}`, target: struck.target });
      if (struck.end === undefined || !('forMs' in fault)) return;
      kernel.scheduleAsync((fault.atMs + fault.forMs) * 1000, () => {
        tracer.emit('nemesis', { name: `heal.${fault.kind}`, target: struck.target });
        struck.end!();
      });
    });
  }
}

/** Ends every fault: all run, all reach each other, clocks tick evenly. */
export function healAll({ world, sharders }: FaultTargets): void {
  world.tracer.emit('nemesis', { name: 'heal.all' });
  world.network.heal();
  world.addresses.heal();
  for (const cluster of world.clusters) {
    giveRoom(cluster, world, { untilMs: Infinity });
    for (const { oddAnswers } of cluster.members) oddAnswers.end();
  }
  for (const process of world.processes) {
    process.restart();
    process.resume();
  }
  for (const { process } of sharders) process.clock.setDrift(0);
}

export interface Struck {
  target: string;
  end?: () => void;
}

function strike(fault: TimedFault, targets: FaultTargets): Struck | null {
  const { world, sharders, viewServers, rpc, faultsUntilMs } = targets;
  const cluster = (shard: number): SimCluster => pick(world.clusters, shard);
  const untilMs = 'forMs' in fault ? Math.min(fault.atMs + fault.forMs, faultsUntilMs) : 0;
  switch (fault.kind) {
    case 'kill_member':
      return killMember(pick(cluster(fault.shard).members, fault.member), fault.power);
    case 'kill_leader':
      return onLeader(cluster(fault.shard), (leader) => killMember(leader, fault.power));
    case 'pause_member':
      return pauseProcess(pick(cluster(fault.shard).members, fault.member).process);
    case 'pause_leader':
      return onLeader(cluster(fault.shard), (leader) => pauseProcess(leader.process));
    case 'power_cycle': {
      const { members, name } = cluster(fault.shard);
      for (const each of members) each.crash('power');
      return { target: name, end: () => members.forEach((each) => each.restart()) };
    }
    case 'kill_sharder': {
      const { process } = pick(sharders, fault.sharder);
      process.crash('kill');
      return { target: process.name, end: () => process.restart() };
    }
    case 'pause_sharder':
      return pauseProcess(pick(sharders, fault.sharder).process);
    case 'isolate_leader':
      return onLeader(cluster(fault.shard), (leader) =>
        isolate(leader, fault.clientsReachIt, world, cluster(fault.shard)),
      );
    case 'split':
      return onLeader(cluster(fault.shard), (leader) =>
        split(leader, pick(sharders, fault.sharder), world, cluster(fault.shard), sharders),
      );
    case 'flap':
      flap(world, cluster(fault.shard), { everyMs: fault.everyMs, untilMs });
      world.network.setQuality(lateNetwork);
      return { target: cluster(fault.shard).name, end: () => world.network.setQuality(perfect) };
    case 'kill_voters':
      killVoters(world, cluster(fault.shard), { everyMs: fault.everyMs, untilMs });
      world.network.setQuality(lateNetwork);
      return { target: cluster(fault.shard).name, end: () => world.network.setQuality(perfect) };
    case 'cut': {
      const link = linkOf(fault, world, sharders);
      world.network.cut(link);
      return { target: `${link.from} to ${link.to}`, end: () => world.network.heal() };
    }
    case 'clog': {
      const from = pick(sharders, fault.sharder).process.name;
      const to = pick(cluster(fault.shard).members, fault.member).process.name;
      world.network.clog({ from, to, untilMs });
      return { target: `${from} to ${to}` };
    }
    case 'bad_network': {
      const { loss, duplicate, reorder } = fault;
      world.network.setQuality({ loss, duplicate, reorder });
      return { target: 'all', end: () => world.network.setQuality(perfect) };
    }
    case 'stall_disk': {
      const member = pick(cluster(fault.shard).members, fault.member);
      member.disk.stall({ untilMs });
      return { target: member.process.name };
    }
    case 'kill_view_server': {
      const { process } = pick(viewServers, fault.viewServer);
      process.crash('kill');
      return { target: process.name, end: () => process.restart() };
    }
    case 'pause_view_server':
      return pauseProcess(pick(viewServers, fault.viewServer).process);
    case 'cut_view_server':
      return cutOff(pick(viewServers, fault.viewServer).process, cluster(fault.shard), world);
    case 'swap_addresses':
      return swapAddresses(cluster(fault.shard), cluster(fault.other), world);
    case 'stray_address':
      return strayAddress(fault, cluster(fault.shard), cluster(fault.other), world);
    case 'fill_shard':
      return fillShard(cluster(fault.shard), fault.bytes, world);
    case 'odd_answers':
      return answerOddly(fault, cluster(fault.shard), world);
    case 'compact':
      return compact(cluster(fault.shard), rpc);
    case 'break_watches':
      breakWatches(world, cluster(fault.shard), { everyMs: fault.everyMs, untilMs });
      return { target: cluster(fault.shard).name };
    case 'lose_replies':
      return loseReplies(cluster(fault.shard), sharders, world);
    case 'clock_step': {
      const { process } = pick(sharders, fault.sharder);
      process.clock.step(fault.stepMs);
      return { target: process.name };
    }
    case 'clock_drift': {
      const { process } = pick(sharders, fault.sharder);
      process.clock.setDrift(fault.drift);
      return { target: process.name, end: () => process.clock.setDrift(0) };
    }
  }
}

function pick<Item>(items: readonly Item[], number: number): Item {
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

function isolate(leader: SimMember, clientsReachIt: boolean, world: World, cluster: SimCluster): Struck {
  const { name } = leader.process;
  const others = cluster.members.filter((member) => member !== leader).map((member) => member.process.name);
  const all = world.processes.map((process) => process.name).filter((each) => each !== name);
  for (const other of clientsReachIt ? others : all) {
    world.network.cut({ from: name, to: other });
    world.network.cut({ from: other, to: name });
  }
  return { target: name, end: () => world.network.heal() };
}

function split(
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

/** Again and again: a quota that was on its way to a leader may come into force late. */
function giveRoom(cluster: SimCluster, world: World, { untilMs }: { untilMs: number }): void {
  if (world.nowMs > untilMs) return;
  const leader = cluster.leader();
  if (leader !== null && leader.machine.room.left !== null) leader.setRoom(null);
  world.kernel.scheduleAsync((world.nowMs + giveRoomEveryMs) * 1000, () =>
    giveRoom(cluster, world, { untilMs }),
  );
}

/** Null when the two are one. */
export function swapAddresses(one: SimCluster, other: SimCluster, world: World): Struck | null {
  if (one === other) return null;
  const lead = (from: SimCluster, to: SimCluster) =>
    from.endpoints.map((endpoint, at) =>
      world.addresses.lead(endpoint, pick(to.members, at), { lasts: false }),
    );
  const ends = [...lead(one, other), ...lead(other, one)];
  return { target: `${one.name} and ${other.name}`, end: () => ends.forEach((end) => end()) };
}

/** Of those that stay so, a shard keeps two others. */
function strayAddress(
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

function flap(
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

function killVoters(
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

function linkOf(
  fault: Extract<Fault, { kind: 'cut' }>,
  world: World,
  sharders: readonly SimSharder[],
): { from: string; to: string } {
  const sharder = pick(sharders, fault.sharder).process.name;
  const member = pick(pick(world.clusters, fault.shard).members, fault.member).process.name;
  return fault.towardsMember ? { from: sharder, to: member } : { from: member, to: sharder };
}
