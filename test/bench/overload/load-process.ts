/**
 * The load, in a process of its own. An open loop sends at a fixed rate whatever comes back, and a latency counts from
 * the moment at which the request was due (no coordinated omission); a closed loop finds out what can be served.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { latenciesOf, newHistogram, recordMs } from '../../../scripts/bench/load/latency-histogram.ts';
import { ConnectionPool } from './connection-pool.ts';
import type { LoadOrder, LoadResult, OpenLoad, Stream } from './load-messages.ts';
import { requestSource } from './request-bytes.ts';
import { Tally } from './tally.ts';

/** Timers of Node are no finer. */
const tickMs = 1;
/** Longer than any deadline of the store's. */
const drainMsMax = 12_000;
/** A closed loop that is refused does not ask again at once. */
const refusedPauseMs = 10;

process.on('message', (order: LoadOrder) => void run(order).then((result) => process.send!(result)));
// The parent is gone: nobody waits for this load.
process.on('disconnect', () => process.exit(0));

class Run {
  readonly order: LoadOrder;
  readonly pool: ConnectionPool;
  readonly lag = newHistogram();
  readonly tallies = new Map<string, Tally>();
  readonly startedAtMs = performance.now();
  private readonly windowAtMs: number;
  readonly endsAtMs: number;

  constructor(order: LoadOrder) {
    this.order = order;
    this.pool = new ConnectionPool(order.url);
    this.windowAtMs = this.startedAtMs + order.warmSeconds * 1000;
    this.endsAtMs = this.windowAtMs + order.seconds * 1000;
  }

  /** A stream's way of sending one request that is due at a moment; `onEnd` hears whether it succeeded. */
  sender(stream: Stream): (dueAtMs: number, onEnd?: (isOk: boolean) => void) => void {
    const next = requestSource(stream);
    const tally = new Tally();
    this.tallies.set(stream.name, tally);
    return (dueAtMs, onEnd) => {
      const counts = dueAtMs >= this.windowAtMs && dueAtMs < this.endsAtMs;
      if (counts) {
        tally.countDue();
        recordMs(this.lag, performance.now() - dueAtMs);
      }
      if (this.pool.open >= this.order.openMax) {
        if (counts) tally.countUnsent();
        return;
      }
      this.pool.send(next(), (ending) => {
        if (counts) tally.countEnding(ending, performance.now() - dueAtMs);
        onEnd?.(typeof ending === 'number' && ending < 300);
      });
    };
  }

  /** Once every request is accounted for, or none can be any more. */
  async result(): Promise<LoadResult> {
    const deadlineMs = performance.now() + drainMsMax;
    while (this.pool.open > 0 && performance.now() < deadlineMs) await delay(20);
    const streams = Object.fromEntries([...this.tallies].map(([name, tally]) => [name, tally.result()]));
    this.pool.close();
    return { streams, lagP99Ms: latenciesOf(this.lag).p99Ms, connections: this.pool.made };
  }
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const now = new Run(order);
  if (order.load.kind === 'open') await openLoop(now, order.load);
  else await closedLoop(now, order.load);
  return now.result();
}

async function openLoop(now: Run, { streams }: OpenLoad): Promise<void> {
  const due = streams.map((stream) => ({
    send: now.sender(stream),
    periodMs: 1000 / stream.ratePerSecond,
    atMs: now.startedAtMs,
  }));
  while (performance.now() < now.endsAtMs) {
    const nowMs = Math.min(performance.now(), now.endsAtMs);
    for (const each of due) for (; each.atMs <= nowMs; each.atMs += each.periodMs) each.send(each.atMs);
    await delay(tickMs);
  }
}

async function closedLoop(now: Run, { stream, users }: { stream: Stream; users: number }): Promise<void> {
  const send = now.sender(stream);
  const again = (isOk: boolean) => {
    if (performance.now() >= now.endsAtMs) return;
    if (isOk) send(performance.now(), again);
    else setTimeout(() => send(performance.now(), again), refusedPauseMs);
  };
  for (let user = 0; user < users; user++) send(performance.now(), again);
  await delay(now.endsAtMs - performance.now());
}
