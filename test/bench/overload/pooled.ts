/** What one stream met under one condition, over all rounds together. */
import { decodeHistogram, latenciesOf, newHistogram } from '../../../scripts/bench/load/latency-histogram.ts';
import type { LoadResult } from './load-messages.ts';

export interface Pooled {
  duePerSecond: number;
  /** Answered with success within a second of the moment at which they were due. */
  goodPerSecond: number;
  /** By status, or by what came instead of one; "unsent": the load process had too many under way. */
  codes: Record<string, number>;
  /** Of those answered with success. */
  p50Ms: number;
  p99Ms: number;
  /** The load process's own lateness, in its worst round. */
  lagP99Ms: number;
}

/** @param seconds of each round. */
export function pool(rounds: readonly LoadResult[], stream: string, seconds: number): Pooled {
  const histogram = newHistogram();
  const codes: Record<string, number> = {};
  let due = 0;
  let good = 0;
  const count = (code: string, more: number) => {
    if (more > 0) codes[code] = (codes[code] ?? 0) + more;
  };
  for (const { streams } of rounds) {
    const result = streams[stream]!;
    due += result.due;
    good += result.good;
    for (const [code, more] of Object.entries(result.codes)) count(code, more);
    count('unsent', result.unsent);
    histogram.add(decodeHistogram(result.histogram));
  }
  const { medianMs, p99Ms } = latenciesOf(histogram);
  const measured = seconds * rounds.length;
  return {
    duePerSecond: due / measured,
    goodPerSecond: good / measured,
    codes,
    p50Ms: medianMs,
    p99Ms,
    lagP99Ms: Math.max(...rounds.map(({ lagP99Ms }) => lagP99Ms)),
  };
}
