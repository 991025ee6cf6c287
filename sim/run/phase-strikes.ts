/** Faults that wait for a mover to enter a phase of a move: each strikes at the first such moments after its time. */
import type { SimMember } from '../etcd/member.ts';
import type { TraceLine } from '../tracer.ts';
import {
  breakWatches,
  compact,
  cutOff,
  type FaultTally,
  type FaultTargets,
  fillShard,
  killMember,
  loseReplies,
  onLeader,
  pauseProcess,
  type Struck,
  swapAddresses,
} from './fault-script.ts';
import { strikeName } from './draw-strikes.ts';
import type { Fault } from './scenario.ts';

type Strike = Extract<Fault, { kind: 'strike_phase' }>;

interface Move {
  id: string;
  from: number;
  to: number;
  /** The name of the view server that carries it out. */
  mover: string;
}

/** A watch that breaks in a phase breaks so often meanwhile. */
const breaksPerStrike = 6;
/** Room that a shard has left which is to be full: for a few keys, and not for all. */
const roomBytes = 300;

export class PhaseStrikes {
  private readonly targets: FaultTargets;
  private readonly tally: FaultTally;
  private readonly struck: Map<string, number>;
  private waiting: { strike: Strike; left: number }[];

  /** @param struck counts what was done, by kind and phase. */
  constructor(
    strikes: readonly Strike[],
    parts: { targets: FaultTargets; tally: FaultTally; struck: Map<string, number> },
  ) {
    this.targets = parts.targets;
    this.tally = parts.tally;
    this.struck = parts.struck;
    this.waiting = strikes.map((strike) => ({ strike, left: strike.times }));
  }

  /** Sees every trace event of the run. */
  onTrace({ process, event }: TraceLine): void {
    if (this.waiting.length === 0 || !event.name.startsWith('move.')) return;
    const { world, faultsUntilMs } = this.targets;
    const next = this.waiting.find(
      ({ strike: { phase, atMs } }) => event.name === `move.${phase}` && world.nowMs >= atMs,
    );
    if (next === undefined || world.nowMs >= faultsUntilMs) return;
    if (--next.left === 0) this.waiting = this.waiting.filter((other) => other !== next);
    const move = {
      id: String(event['move']),
      from: Number(event['from']),
      to: Number(event['to']),
      mover: process,
    };
    const { strike } = next;
    // At the earliest at the same moment, but not inside whatever the mover is doing.
    world.kernel.scheduleAsync(world.kernel.nowUs + strike.afterMs * 1000, () => this.perform(strike, move));
  }

  private perform(strike: Strike, move: Move): void {
    const { world, faultsUntilMs } = this.targets;
    if (world.nowMs >= faultsUntilMs) return;
    const endMs = Math.min(world.nowMs + strike.forMs, faultsUntilMs);
    const struck = this.act(strike.what, move, endMs);
    if (struck === null) return;
    this.tally.strike_phase = (this.tally.strike_phase ?? 0) + 1;
    const name = strikeName(strike.what, strike.phase);
    this.struck.set(name, (this.struck.get(name) ?? 0) + 1);
    const target = `${name}: ${struck.target}`;
    world.tracer.emit('nemesis', { name: 'fault.strike_phase', target });
    world.kernel.scheduleAsync(endMs * 1000, () => {
      world.tracer.emit('nemesis', { name: 'heal.strike_phase', target });
      struck.end?.();
    });
  }

  private act(what: Strike['what'], move: Move, untilMs: number): Struck | null {
    const { targets } = this;
    const { world } = targets;
    const { process } = targets.viewServers.find((server) => server.process.name === move.mover)!;
    const source = targets.clusterOf(move.from);
    const destination = targets.clusterOf(move.to);
    const everyMs = Math.max(10, (untilMs - world.nowMs) / breaksPerStrike);
    switch (what) {
      case 'kill':
        process.crash('kill');
        return { target: move.mover, end: () => process.restart() };
      case 'pause':
        return pauseProcess(process);
      case 'kill_source':
        return onLeader(source, (leader) => killMember(leader, true));
      case 'kill_destination':
        return onLeader(destination, (leader) => killMember(leader, true));
      case 'pause_source':
        return onLeader(source, (leader) => pauseProcess(leader.process));
      case 'pause_destination':
        return onLeader(destination, (leader) => pauseProcess(leader.process));
      case 'stall_source':
        return onLeader(source, (leader) => stall(leader, untilMs));
      case 'stall_destination':
        return onLeader(destination, (leader) => stall(leader, untilMs));
      case 'swap_addresses':
        return swapAddresses(source, destination, world);
      case 'cut_source':
        return cutOff(process, source, world);
      case 'cut_destination':
        return cutOff(process, destination, world);
      case 'clog_source':
        return onLeader(source, (leader) => this.clog(move.mover, leader, untilMs));
      case 'clog_destination':
        return onLeader(destination, (leader) => this.clog(move.mover, leader, untilMs));
      case 'compact_source':
        return compact(source, targets.rpc);
      case 'break_watches':
        breakWatches(world, source, { everyMs, untilMs });
        return { target: source.name };
      case 'lose_replies':
        return loseReplies(source, targets.sharders, world);
      case 'fill_destination':
        return fillShard(destination, roomBytes, world);
      case 'abort':
        targets.abort(move.id);
        return { target: move.id };
      case 'pause_and_abort':
        targets.abort(move.id);
        return pauseProcess(process);
    }
  }

  /** What the mover sends to one member arrives late, and all others are there to be asked instead. */
  private clog(from: string, { process }: SimMember, untilMs: number): Struck {
    this.targets.world.network.clog({ from, to: process.name, untilMs });
    return { target: `${from} to ${process.name}` };
  }
}

function stall(member: SimMember, untilMs: number): Struck {
  member.disk.stall({ untilMs });
  return { target: member.process.name };
}
