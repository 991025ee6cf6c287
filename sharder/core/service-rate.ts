/**
 * How quickly a shard carries out what one lane sends it, learned from the transactions that were answered. Only
 * transactions that left others waiting show the rate: a transaction of one operation takes as long as one of a hundred.
 */

/** The part of the known rate that each new transaction keeps: the last five or so transactions count. */
const kept = 0.8;
/** A transaction that took more than so many times as long as the others met a pause: it counts as so many times. */
const outlier = 4;

export class ServiceRate {
  private fullWeight = 0;
  private fullMs = 0;
  private smoothedMs = 0;

  /** What one transaction takes, in milliseconds; 0 before the first. */
  get transactionMs(): number {
    return this.smoothedMs;
  }

  /**
   * A transaction was answered after `durationMs`. `weight` is that of its operations, in the lane's unit; `wasFull` tells
   * that others had to wait for the next one.
   */
  observe(weight: number, durationMs: number, wasFull: boolean): void {
    const usualMs = Math.min(durationMs, outlier * this.smoothedMs + 1);
    this.smoothedMs = this.smoothedMs === 0 ? durationMs : kept * this.smoothedMs + (1 - kept) * usualMs;
    if (!wasFull) return;
    const expectedMs = this.msFor(weight);
    const ms = expectedMs === 0 ? durationMs : Math.min(durationMs, outlier * expectedMs);
    this.fullWeight = kept * this.fullWeight + weight;
    this.fullMs = kept * this.fullMs + ms;
  }

  /** Milliseconds that this weight takes; 0 while no operation had to wait yet. */
  msFor(weight: number): number {
    return this.fullWeight === 0 ? 0 : (weight * this.fullMs) / this.fullWeight;
  }

  /** The weight that is carried out in this time; Infinity while no operation had to wait yet. */
  weightIn(ms: number): number {
    return this.fullMs === 0 ? Infinity : (ms * this.fullWeight) / this.fullMs;
  }
}
