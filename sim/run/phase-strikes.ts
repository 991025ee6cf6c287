/** Faults that wait for a mover to enter a phase of a move: each strikes once, at the first such moment after its time. */
import type { TraceLine } from '../tracer.ts';
import {
  cutOff,
  type FaultTally,
  type FaultTargets,
  killMember,
  onLeader,
  pauseProcess,
  type Struck,
  swapAddresses,
} from './fault-script.ts';
import type { Fault } from './scenario.ts';

type Strike = Extract<Fault, { kind: 'strike_phase' }>;

export class PhaseStrikes {
  private readonly targets: FaultTargets;
  private readonly tally: FaultTally;
  private waiting: readonly Strike[];

  constructor(strikes: readonly Strike[], targets: FaultTargets, tally: FaultTally) {
    this.waiting = strikes;
    this.targets = targets;
    this.tally = tally;
  }

  /** Sees every trace event of the run. */
  onTrace({ process, event }: TraceLine): void {
    if (this.waiting.length === 0 || !event.name.startsWith('move.')) return;
    const { world, faultsUntilMs } = this.targets;
    const strike = this.waiting.find(
      ({ phase, atMs }) => event.name === `move.${phase}` && world.nowMs >= atMs,
    );
    if (strike === undefined || world.nowMs >= faultsUntilMs) return;
    this.waiting = this.waiting.filter((other) => other !== strike);
    const [from, to] = [Number(event['from']), Number(event['to'])];
    // At the same moment, but not inside whatever the mover is doing.
    world.kernel.scheduleAsync(world.kernel.nowUs, () => this.perform(strike, process, from, to));
  }

  private perform(strike: Strike, mover: string, from: number, to: number): void {
    const { world, faultsUntilMs } = this.targets;
    const struck = this.act(strike.what, mover, from, to);
    if (struck === null) return;
    this.tally.strike_phase = (this.tally.strike_phase ?? 0) + 1;
    const target = `${strike.what} in ${strike.phase}: ${struck.target}`;
    world.tracer.emit('nemesis', { name: 'fault.strike_phase', target });
    const endMs = Math.min(world.nowMs + strike.forMs, faultsUntilMs);
    world.kernel.scheduleAsync(endMs * 1000, () => {
      world.tracer.emit('nemesis', { name: 'heal.strike_phase', target });
      struck.end?.();
    });
  }

  private act(what: Strike['what'], mover: string, from: number, to: number): Struck | null {
    const { world } = this.targets;
    const { process } = this.targets.viewServers.find((server) => server.process.name === mover)!;
    switch (what) {
      case 'kill':
        process.crash('kill');
        return { target: mover, end: () => process.restart() };
      case 'pause':
        return pauseProcess(process);
      case 'kill_source':
        return onLeader(this.targets.clusterOf(from), (leader) => killMember(leader, true));
      case 'kill_destination':
        return onLeader(this.targets.clusterOf(to), (leader) => killMember(leader, true));
      case 'pause_destination':
        return onLeader(this.targets.clusterOf(to), (leader) => pauseProcess(leader.process));
      case 'swap_addresses':
        return swapAddresses(this.targets.clusterOf(from), this.targets.clusterOf(to), world);
      case 'cut_destination':
        return cutOff(process, this.targets.clusterOf(to), world);
    }
  }
}
