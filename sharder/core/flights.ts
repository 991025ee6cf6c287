/**
 * The transactions of one lane that are under way: one, or a second one while the first is stuck; never more. Each holds
 * its keys until it has ended, so that of two writes of one key the second is not sent before the first has an outcome.
 */
import type { Pending } from './pending.ts';

export interface Flight {
  readonly batch: readonly Pending[];
  /** It takes too long, and another member serves meanwhile. */
  isStuck: boolean;
}

export class Flights {
  private open: readonly Flight[] = [];

  begin(batch: readonly Pending[]): Flight {
    const flight = { batch, isStuck: false };
    this.open = [...this.open, flight];
    return flight;
  }

  end(flight: Flight): void {
    this.open = this.open.filter((each) => each !== flight);
  }

  get isEmpty(): boolean {
    return this.open.length === 0;
  }

  /** Whether exactly one transaction is under way, and it is stuck. */
  get isOneStuckAlone(): boolean {
    return this.open.length === 1 && this.open[0]?.isStuck === true;
  }

  /** False while a transaction that is not stuck is under way: the loop that waits for it sends the rest afterwards. */
  get mayBegin(): boolean {
    return this.isEmpty || this.isOneStuckAlone;
  }

  /** Keys that another transaction must not carry; undefined: none. */
  get keys(): ReadonlySet<string> | undefined {
    if (this.isEmpty) return undefined;
    return new Set(this.operations().map(({ etcdKey }) => etcdKey));
  }

  /** Number of operations. */
  get count(): number {
    return this.open.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  operations(): readonly Pending[] {
    return this.open.flatMap(({ batch }) => batch);
  }
}
