/** Lets so many keys a second pass, evenly, for all callers together. */
import { pause } from '../../sharder/core/pause.ts';
import type { Clock } from '../../sharder/core/ports.ts';

export class RateLimiter {
  private readonly clock: Clock;
  private readonly perSecondMax: number | null;
  private freeAtMs = -Infinity;

  /** @param perSecondMax null: no limit. */
  constructor(clock: Clock, perSecondMax: number | null) {
    this.clock = clock;
    this.perSecondMax = perSecondMax;
  }

  /** Resolves when these keys may pass; the keys of earlier calls pass before them. */
  async take(keys: number): Promise<void> {
    if (this.perSecondMax === null) return;
    const nowMs = this.clock.nowMs();
    const startMs = Math.max(nowMs, this.freeAtMs);
    this.freeAtMs = startMs + (1000 * keys) / this.perSecondMax;
    if (startMs > nowMs) await pause(this.clock, startMs - nowMs);
  }
}
