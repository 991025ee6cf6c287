/** Counts answers of the window and keeps their latencies, a bounded number of them, for exact quantiles. */
import type { Kernel } from '../kernel/kernel.ts';
import type { LatencyFigures } from './cell.ts';

/** A store that turns this many requests away is overloaded: a longer run would say the same. */
const turnedAwayMax = 2_000;

export class LatencyRecorder {
  refused = 0;
  readonly #kernel: Kernel;
  readonly #latenciesUs: Float64Array;
  readonly #beforeMax: number;
  #before = 0;
  #turnedAway = 0;
  #count = 0;
  #isOpen = false;

  /** The run stops after `beforeMax` answers before the window, and after `requestsMax` in it. */
  constructor(kernel: Kernel, { beforeMax, requestsMax }: { beforeMax: number; requestsMax: number }) {
    this.#kernel = kernel;
    this.#beforeMax = beforeMax;
    this.#latenciesUs = new Float64Array(requestsMax);
  }

  get count(): number {
    return this.#count;
  }

  open(): void {
    this.#isOpen = true;
  }

  answered(latencyUs: number): void {
    if (!this.#isOpen) {
      if (++this.#before === this.#beforeMax) this.#kernel.stop();
      return;
    }
    if (this.#count === this.#latenciesUs.length) return;
    this.#latenciesUs[this.#count++] = latencyUs;
    if (this.#count === this.#latenciesUs.length) this.#kernel.stop();
  }

  turnedAway(): void {
    if (this.#isOpen) this.refused++;
    if (++this.#turnedAway === turnedAwayMax) this.#kernel.stop();
  }

  figures(): LatencyFigures {
    const sorted = this.#latenciesUs.subarray(0, this.#count).toSorted();
    const at = (share: number) =>
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN) / 1000;
    let sum = 0;
    for (const latencyUs of sorted) sum += latencyUs;
    return {
      medianMs: at(0.5),
      meanMs: sum / sorted.length / 1000,
      p90Ms: at(0.9),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      p999Ms: at(0.999),
      maxMs: at(1),
    };
  }
}
