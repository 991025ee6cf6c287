/** A clock that stands still until a test moves it: due timers run in their order, each with everything that follows from it. */
import type { Cancel, Clock } from '../../sharder/core/ports.ts';

interface Timer {
  atMs: number;
  callback: () => void;
}

export class ManualClock implements Clock {
  private atMs = 0;
  private timers: Timer[] = [];

  nowMs(): number {
    return this.atMs;
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    const timer = { atMs: this.atMs + delayMs, callback };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((each) => each !== timer));
  }

  /** Timers that have not run. */
  get pending(): number {
    return this.timers.length;
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.atMs + ms;
    await settled();
    for (let next = this.next(untilMs); next !== undefined; next = this.next(untilMs)) {
      this.timers = this.timers.filter((each) => each !== next);
      this.atMs = next.atMs;
      next.callback();
      await settled();
    }
    this.atMs = untilMs;
  }

  /** As `advance`, for code without promises. */
  advanceNow(ms: number): void {
    const untilMs = this.atMs + ms;
    for (let next = this.next(untilMs); next !== undefined; next = this.next(untilMs)) {
      this.timers = this.timers.filter((each) => each !== next);
      this.atMs = next.atMs;
      next.callback();
    }
    this.atMs = untilMs;
  }

  private next(untilMs: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers)
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    return first;
  }
}

/** Resolves when every promise is settled that needs no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
