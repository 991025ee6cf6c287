/** What became of the requests of one stream that were due in the window. */
import { encodeHistogram, newHistogram, recordMs } from '../../../scripts/bench/load/latency-histogram.ts';
import { goodMs, type StreamResult } from './load-messages.ts';
import type { Ending } from './raw-connection.ts';

export class Tally {
  private readonly histogram = newHistogram();
  private readonly codes: Record<string, number> = {};
  private due = 0;
  private unsent = 0;
  private ended = 0;
  private good = 0;

  countDue(): void {
    this.due++;
  }

  countUnsent(): void {
    this.unsent++;
  }

  countEnding(ending: Ending, latencyMs: number): void {
    this.ended++;
    this.codes[ending] = (this.codes[ending] ?? 0) + 1;
    if (typeof ending !== 'number' || ending < 200 || ending >= 300) return;
    recordMs(this.histogram, latencyMs);
    if (latencyMs <= goodMs) this.good++;
  }

  result(): StreamResult {
    const { due, unsent, good } = this;
    const unanswered = due - unsent - this.ended;
    const codes = unanswered > 0 ? { ...this.codes, unanswered } : this.codes;
    return { due, unsent, good, codes, histogram: encodeHistogram(this.histogram) };
  }
}
