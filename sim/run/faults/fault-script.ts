/** Strikes a world with the faults of a scenario, each at its moment, and ends each after its duration. */
import type { EtcdRpc } from '../../../sharder/core/ports.ts';
import type { SimCluster } from '../../etcd/cluster.ts';
import type { World } from '../world/world.ts';
import {
  pick,
  onLeader,
  killMember,
  pauseProcess,
  cutOff,
  isolate,
  split,
  compact,
  breakWatches,
  loseEvents,
  loseReplies,
  muteWatches,
  fillShard,
  giveRoom,
  swapAddresses,
  strayAddress,
  flap,
  killVoters,
  linkOf,
  type Struck,
} from './fault-acts.ts';
import { crowdShard } from './crowd-shard.ts';
import { copyLate } from './late-copies.ts';
import { growShard, loseDiskBesideOthers } from './membership-faults.ts';
import { answerOddly } from './odd-answer-fault.ts';
import type { Fault, FaultKind } from '../scenario/scenario.ts';
import type { SimSharder } from '../world/sim-sharder.ts';
import type { SimViewServer } from '../world/sim-view-server.ts';

export interface FaultTargets {
  world: World;
  sharders: readonly SimSharder[];
  viewServers: readonly SimViewServer[];
  /** The cluster of a shard by its id. */
  clusterOf(shard: number): SimCluster;
  /** Calls to members from a process that no fault strikes. */
  rpc: EtcdRpc;
  /** The operator wants a move undone, whatever its state. */
  abort(move: string): void;
  /** Faults strike until then. */
  faultsUntilMs: number;
}

/** Faults that have struck, by kind. */
export type FaultTally = Partial<Record<FaultKind, number>>;

const perfect = { loss: 0, duplicate: 0, reorder: 0 };
/** Late messages make candidates of one term meet members that have been restarted since they voted. */
const lateNetwork = { loss: 0.05, duplicate: 0.05, reorder: 0.4 };

type TimedFault = Exclude<Fault, { kind: 'strike_phase' }>;

/** Schedules the faults that have a moment; `tally` counts those that have struck. */
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

/** Ends every fault: all processes run, all reach each other, clocks tick evenly. */
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
    case 'crowd_shard':
      return crowdShard(fault, cluster(fault.shard), { world, rpc });
    case 'lose_disk':
      return loseDiskBesideOthers(fault, cluster(fault.shard), world);
    case 'late_copies':
      return onLeader(cluster(fault.shard), (leader) =>
        copyLate(fault, leader, { world, cluster: cluster(fault.shard), sharders }),
      );
    case 'grow_shard':
      return growShard(fault, cluster(fault.shard), world);
    case 'odd_answers':
      return answerOddly(fault, cluster(fault.shard), world);
    case 'compact':
      return compact(cluster(fault.shard), rpc);
    case 'break_watches':
      breakWatches(world, cluster(fault.shard), { everyMs: fault.everyMs, untilMs });
      return { target: cluster(fault.shard).name };
    case 'mute_watches':
      return muteWatches(cluster(fault.shard));
    case 'lossy_watches':
      return loseEvents(cluster(fault.shard), fault.oneIn);
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
