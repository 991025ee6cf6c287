/** One timer for the earliest of the moments that it was set to. */
import type { Cancel, Clock } from './ports.ts';

export class EarliestTimer {
  private readonly clock: Clock;
  private readonly onDue: () => void;
  private set: { atMs: number; cancel: Cancel } | null = null;

  constructor(clock: Clock, onDue: () => void) {
    this.clock = clock;
    this.onDue = onDue;
  }

  /** Does nothing when it is set to an earlier moment already. */
  setTo(atMs: number): void {
    if (this.set !== null && this.set.atMs <= atMs) return;
    this.set?.cancel();
    const fire = () => {
      this.set = null;
      this.onDue();
    };
    this.set = { atMs, cancel: this.clock.schedule(Math.max(0, atMs - this.clock.nowMs()), fire) };
  }

  cancel(): void {
    this.set?.cancel();
    this.set = null;
  }
}
