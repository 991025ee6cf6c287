/** Faults that wait for a mover to enter a phase of a move: each strikes at the first such moments after its time. */
import type { PhaseEntered } from '../../../cluster/resharding/mover-event.ts';
import type { SimCluster } from '../../etcd/cluster.ts';
import type { SimMember } from '../../etcd/member.ts';
import type { OddAnswerName } from '../../etcd/odd-answers.ts';
import type { RandomStream } from '../../kernel/random-stream.ts';
import { isPhaseEntered, type SimTraceLine } from '../trace/sim-event.ts';
import {
  breakWatches,
  compact,
  cutOff,
  fillShard,
  killMember,
  loseReplies,
  onLeader,
  pauseProcess,
  type Struck,
  swapAddresses,
} from './fault-acts.ts';
import { loseDisk } from './membership-faults.ts';
import type { FaultTally, FaultTargets } from './fault-script.ts';
import { strikeName } from '../scenario/draw-strikes.ts';
import type { Fault } from '../scenario/scenario.ts';

type Strike = Extract<Fault, { kind: 'strike_phase' }>;

interface Move {
  id: string;
  from: number;
  to: number;
  /** The name of the view server that carries the move out. */
  mover: string;
}

/** A strike on watches breaks them this many times while it lasts. */
const breaksPerStrike = 6;
/** About as long as a phase takes. */
const phaseUsMax = 30_000;
/** Time until an operator repairs a member that has lost its disk. */
const repairAfterMs = 500;
/** Bytes that are left to a shard that is to be full: enough for a few keys, and not for all. */
const roomBytes = 300;

export class PhaseStrikes {
  private readonly targets: FaultTargets;
  private readonly tally: FaultTally;
  private readonly struck: Map<string, number>;
  private readonly random: RandomStream;
  private waiting: { strike: Strike; left: number }[];
  /** Strikes that end when a mover enters a phase. */
  private underWay: { until: Strike['until']; move: string; end: () => void }[] = [];

  /** @param struck counts the strikes, by kind and phase. */
  constructor(
    strikes: readonly Strike[],
    parts: { targets: FaultTargets; tally: FaultTally; struck: Map<string, number> },
  ) {
    this.targets = parts.targets;
    this.tally = parts.tally;
    this.struck = parts.struck;
    this.random = parts.targets.world.random('strikes');
    this.waiting = strikes.map((strike) => ({ strike, left: strike.times }));
  }

  /** Sees every trace event of the run. */
  onTrace({ process, event }: SimTraceLine): void {
    if (!isPhaseEntered(event)) return;
    this.endThoseUntil(event);
    if (this.waiting.length === 0) return;
    const { world, faultsUntilMs } = this.targets;
    const next = this.waiting.find(
      ({ strike: { phase, atMs } }) => event.name === `move.${phase}` && world.nowMs >= atMs,
    );
    if (next === undefined || world.nowMs >= faultsUntilMs) return;
    if (--next.left === 0) this.waiting = this.waiting.filter((other) => other !== next);
    const { move: id, from, to } = event;
    const move = { id, from, to, mover: process };
    const { strike } = next;
    // At the earliest at the same moment, but not in the middle of the mover's work.
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
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      world.tracer.emit('nemesis', { name: 'heal.strike_phase', target });
      struck.end?.();
    };
    world.kernel.scheduleAsync(endMs * 1000, end);
    if (strike.until !== null) this.underWay.push({ until: strike.until, move: move.id, end });
  }

  /** Ends them after a drawn time: a request that was held up arrives somewhere within the phase. */
  private endThoseUntil(entered: PhaseEntered): void {
    const { kernel } = this.targets.world;
    const isDue = ({ until, move }: { until: Strike['until']; move: string }) =>
      entered.name === `move.${until}` && entered.move === move;
    const due = this.underWay.filter(isDue);
    if (due.length === 0) return;
    this.underWay = this.underWay.filter((strike) => !isDue(strike));
    for (const { end } of due) kernel.scheduleAsync(kernel.nowUs + this.random.nextBelow(phaseUsMax), end);
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
      case 'refused_by_source':
        return this.answerOddly(source, 'too_many_requests');
      case 'refused_by_destination':
        return this.answerOddly(destination, 'too_many_requests');
      case 'unheard_by_source':
        return this.answerOddly(source, 'timed_out_applied');
      case 'unheard_by_destination':
        return this.answerOddly(destination, 'timed_out_applied');
      case 'unfit_source':
        return this.answerOddly(source, 'not_capable');
      case 'unfit_destination':
        return this.answerOddly(destination, 'not_capable');
      case 'large_replies_of_source':
        return this.answerOddly(source, 'reply_too_large');
      case 'clog_source':
        return onLeader(source, (leader) => this.clog(move.mover, leader));
      case 'clog_destination':
        return onLeader(destination, (leader) => this.clog(move.mover, leader));
      case 'compact_source':
        return compact(source, targets.rpc);
      case 'break_watches':
        breakWatches(world, source, { everyMs, untilMs });
        return { target: source.name };
      case 'lose_replies':
        return loseReplies(source, targets.sharders, world);
      case 'fill_destination':
        return fillShard(destination, roomBytes, world);
      case 'lose_disk_of_source':
        return this.loseDisk(source);
      case 'lose_disk_of_destination':
        return this.loseDisk(destination);
      case 'abort':
        targets.abort(move.id);
        return { target: move.id };
      case 'pause_and_abort':
        targets.abort(move.id);
        return pauseProcess(process);
    }
  }

  private loseDisk(cluster: SimCluster): Struck | null {
    const leader = cluster.leader();
    const { world } = this.targets;
    return leader === null ? null : loseDisk(leader, cluster, { world, repairAfterMs });
  }

  /** Half of the requests that may be answered so, from any sender. */
  private answerOddly({ name, members }: SimCluster, answer: OddAnswerName): Struck {
    const oddity = { answer, percent: 50, delayMs: 0, random: this.random };
    const ends = members.map(({ oddAnswers }) => oddAnswers.begin(oddity));
    return { target: name, end: () => ends.forEach((end) => end()) };
  }

  /** Requests of the mover to one member arrive late, while it can ask all other members instead. */
  private clog(from: string, { process }: SimMember): Struck {
    const stopped = this.targets.world.network.stop({ from, to: process.name });
    return { target: `${from} to ${process.name}`, end: () => stopped.release() };
  }
}

function stall(member: SimMember, untilMs: number): Struck {
  member.disk.stall({ untilMs });
  return { target: member.process.name };
}
