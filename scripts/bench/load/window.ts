/** What one worker counts during the measured window: a histogram and the errors of each second. Outside it, it counts nothing. */
import type { Histogram } from 'hdr-histogram-js';
import type { WorkerSecond } from './load-order.ts';
import { encodeHistogram, newHistogram, recordMs } from './latency-histogram.ts';

/** `ok`; `failed`: definitely not applied; `indefinite`: perhaps applied. */
export type RequestOutcome = 'ok' | 'failed' | 'indefinite';

interface Second {
  failed: number;
  indefinite: number;
  histogram: Histogram;
}

/**
 * How a status counts: 504 says that the store does not know the outcome, and 507, of a full shard, may say so. A missing key
 * is a failure: a route that answers 404 reads only keys that were written before the load.
 */
export function outcomeOfStatus(status: number): RequestOutcome {
  if (status === 504 || status === 507) return 'indefinite';
  return status >= 200 && status < 300 ? 'ok' : 'failed';
}

export class Window {
  private readonly seconds: number;
  private readonly counted: Second[] = [];
  private startedAtMs: number | null = null;

  /** @param seconds whole seconds. */
  constructor(seconds: number) {
    this.seconds = seconds;
  }

  open(atMs: number): void {
    this.startedAtMs = atMs;
  }

  /** Whether a moment lies in the window. */
  includes(atMs: number): boolean {
    return (
      this.startedAtMs !== null && atMs >= this.startedAtMs && atMs < this.startedAtMs + 1000 * this.seconds
    );
  }

  /** Counts one request for the second of `atMs`, which has to be in the window. */
  count(atMs: number, outcome: RequestOutcome, latencyMs: number): void {
    if (!this.includes(atMs)) return;
    const second = this.second(Math.floor((atMs - this.startedAtMs!) / 1000));
    if (outcome === 'ok') recordMs(second.histogram, latencyMs);
    else second[outcome]++;
  }

  result(): WorkerSecond[] {
    return Array.from({ length: this.seconds }, (_, index) => {
      const { failed, indefinite, histogram } = this.second(index);
      return { second: index, failed, indefinite, histogram: encodeHistogram(histogram) };
    });
  }

  private second(index: number): Second {
    return (this.counted[index] ??= { failed: 0, indefinite: 0, histogram: newHistogram() });
  }
}
