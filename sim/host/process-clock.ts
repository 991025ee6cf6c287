/**
 * The clock of one simulated process: virtual time, plus the faults of clocks. It drifts, and it jumps forward. When it is
 * asked to jump back, it stands still until the time has caught up, because the Clock port never goes back. Timers measure
 * the process's own milliseconds, wait while it is paused, and die with it.
 */
import type { Cancel, Clock } from '../../sharder/core/ports.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** What a clock needs of its process. */
export interface ClockOwner {
  readonly kernel: Kernel;
  readonly incarnation: number;
  readonly state: 'running' | 'paused' | 'down';
  accept<Argument>(run: (argument: Argument) => void, argument: Argument): void;
}

export class ProcessClock implements Clock {
  readonly #kernel: Kernel;
  readonly #owner: ClockOwner;
  #baseUs: number;
  #baseMs: number;
  #drift = 0;
  #lastMs = 0;

  constructor(owner: ClockOwner, skewMs: number) {
    this.#kernel = owner.kernel;
    this.#owner = owner;
    this.#baseUs = owner.kernel.nowUs;
    this.#baseMs = owner.kernel.nowUs / 1000 + skewMs;
    this.#lastMs = this.#baseMs;
  }

  nowMs(): number {
    const ms = this.#rawMs();
    if (ms > this.#lastMs) this.#lastMs = ms;
    return this.#lastMs;
  }

  schedule(delayMs: number, callback: () => void): Cancel {
    // Code that a dead process still had on its stack must not reach its successor.
    if (this.#owner.state === 'down') return () => undefined;
    const delayUs = (Math.max(0, delayMs) * 1000) / (1 + this.#drift);
    const timer = new Timer(this.#owner, callback);
    const event = this.#kernel.schedule(this.#kernel.nowUs + delayUs, fireTimer, timer);
    return () => {
      timer.callback = null;
      event.cancel();
    };
  }

  /** Jumps by `deltaMs`. Pending timers keep their due time, as timers on a monotonic clock do. */
  step(deltaMs: number): void {
    this.#rebase(this.#rawMs() + deltaMs);
  }

  /** From now on the clock runs fast by this share: 0.0005 gains half a millisecond a second. Above -1. */
  setDrift(drift: number): void {
    if (!(drift > -1)) throw new Error('process clock: a drift must be above -1');
    this.#rebase(this.#rawMs());
    this.#drift = drift;
  }

  #rawMs(): number {
    return this.#baseMs + ((this.#kernel.nowUs - this.#baseUs) * (1 + this.#drift)) / 1000;
  }

  #rebase(ms: number): void {
    this.#baseUs = this.#kernel.nowUs;
    this.#baseMs = ms;
  }
}

class Timer {
  readonly owner: ClockOwner;
  readonly incarnation: number;
  callback: (() => void) | null;

  constructor(owner: ClockOwner, callback: () => void) {
    this.owner = owner;
    this.incarnation = owner.incarnation;
    this.callback = callback;
  }
}

function fireTimer(timer: Timer): void {
  if (timer.incarnation === timer.owner.incarnation) timer.owner.accept(runTimer, timer);
}

function runTimer(timer: Timer): void {
  const callback = timer.callback;
  if (callback === null) return;
  timer.owner.kernel.touchPromises();
  callback();
}
