/** The rate of copying stays within its limit: no move has copied more keys than its time allowed. */
import type { SimTraceLine } from '../trace/sim-event.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Violations } from './violations.ts';

export class CopyRate {
  private readonly scenario: Scenario;
  private readonly violations: Violations;
  private readonly startedAtMs = new Map<string, number>();

  constructor(scenario: Scenario, violations: Violations) {
    this.scenario = scenario;
    this.violations = violations;
  }

  /** Sees every trace event of the run. */
  onTrace({ process, event, atUs }: SimTraceLine): void {
    if (event.name === 'move.copy') this.startedAtMs.set(copyOf(process, event), atUs / 1000);
    if (event.name === 'move.activated')
      this.judge(copyOf(process, event), { keys: event.keysCopied, nowMs: atUs / 1000 });
  }

  private judge(copy: string, { keys, nowMs }: { keys: number; nowMs: number }): void {
    const { keysPerSecondMax } = this.scenario.topology;
    if (keysPerSecondMax === null) return;
    // A write waits until those before it have had their time: nothing waits for the time of the last one.
    const { writeOperationsMax } = this.scenario.moverLimits;
    const leastMs = (1000 * (keys - writeOperationsMax)) / keysPerSecondMax;
    const tookMs = nowMs - (this.startedAtMs.get(copy) ?? -Infinity);
    if (tookMs < leastMs)
      this.violations.add(
        'copy_rate',
        `${copy}: ${keys} keys in ${tookMs} ms, at ${keysPerSecondMax}/s at most`,
      );
  }
}

/** A mover makes one copy of a move at a time. */
function copyOf(process: string, { move }: { move: string }): string {
  return `${process} ${move}`;
}
