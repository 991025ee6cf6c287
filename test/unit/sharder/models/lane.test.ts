/** Any sequence of what a shard does to its lane for writes, against a lane that works everything out anew. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Client } from '../../../../sharder/core/client.ts';
import { Lane } from '../../../../sharder/core/lane.ts';
import { defaultLimits, type Limits } from '../../../../sharder/core/limits.ts';
import { always } from '../../../../sharder/core/operation.ts';
import { createPending, type Pending, settle } from '../../../../sharder/core/pending.ts';
import { DumbLane } from './dumb-lane.ts';

type Command =
  | { kind: 'offer'; key: string; bytes: number; client: number | null; deadlineMs: number }
  | { kind: 'take'; most: number; apart: boolean }
  | { kind: 'ended'; second: boolean; ms: number | null; putBack: boolean }
  | { kind: 'expire' }
  | { kind: 'drain' }
  | { kind: 'leave'; client: number }
  | { kind: 'settle'; at: number }
  | { kind: 'wait'; ms: number };

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('offer' as const),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      bytes: fc.constantFrom(0, 1, 17, 40, 97),
      client: fc.constantFrom(null, 0, 0, 0, 1, 2),
      deadlineMs: fc.constantFrom(3000, 3000, 400, 20),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      most: fc.integer({ min: 1, max: 5 }),
      apart: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('ended' as const),
      second: fc.boolean(),
      putBack: fc.constantFrom(false, false, true),
      ms: fc.constantFrom(null, 0, 3, 10, 10, 50, 700),
    }),
  },
  fc.record({ kind: fc.constant('expire' as const) }),
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('drain' as const) }) },
  fc.record({ kind: fc.constant('leave' as const), client: fc.nat(2) }),
  fc.record({ kind: fc.constant('settle' as const), at: fc.nat(5) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(0, 1, 19, 20, 21, 100, 450, 999, 1000),
    }),
  },
);

const limits: fc.Arbitrary<Limits> = fc
  .record({
    laneOperationsMax: fc.constantFrom(3, 6, 12, 4096),
    laneBytesMax: fc.constantFrom(100, 240, 1_000_000),
    batchOperationsMax: fc.constantFrom(2, 5),
    batchBytesMax: fc.constantFrom(60, 240),
    batchBytesMin: fc.constantFrom(20, 60),
    batchMsTarget: fc.constantFrom(5, 250),
    admittedMsMax: fc.constantFrom(30, 800),
    answerMsMax: fc.constantFrom(40, 900),
    operationTimeoutMs: fc.constantFrom(100, 5000),
  })
  .map((tight) => ({ ...defaultLimits, ...tight }));

class Pair {
  readonly clients: { gone: boolean }[] = [{ gone: false }, { gone: false }, { gone: false }];
  private readonly lane: Lane;
  private readonly twin: DumbLane;
  private readonly fates: DumbLane['fates'] = [];
  /** Two at most. */
  private readonly inFlight: Pending[][] = [];
  private nowMs = 0;
  private count = 0;

  constructor(tight: Limits) {
    this.lane = new Lane('write', tight);
    this.twin = new DumbLane(tight);
  }

  do(step: Command): void {
    switch (step.kind) {
      case 'offer':
        return this.offer(step);
      case 'take':
        return this.take(step);
      case 'ended':
        return this.end(step);
      case 'expire':
        expect(this.lane.takeExpired(this.nowMs)).toEqual(this.twin.takeExpired(this.nowMs));
        return;
      case 'drain':
        expect(this.lane.drain()).toEqual(this.twin.drain());
        return;
      case 'leave':
        this.clients[step.client] = Object.assign(this.clients[step.client]!, { gone: true });
        return;
      case 'settle':
        return this.settleOne(step.at);
      case 'wait':
        this.nowMs += step.ms;
    }
  }

  check(): void {
    const { lane, twin } = this;
    expect(lane.length).toBe(twin.waiting.length);
    expect(lane.bytes).toBe(twin.bytes);
    expect(lane.nextDeadlineMs()).toBe(twin.nextDeadlineMs());
    expect(rounded(this.fates)).toEqual(rounded(twin.fates));
  }

  private offer({ key, bytes, client, deadlineMs }: Extract<Command, { kind: 'offer' }>): void {
    // A client that has gone asks no more; another one has come in its place.
    if (client !== null && this.clients[client]!.gone) this.clients[client] = { gone: false };
    const who: Client | null = client === null ? null : this.clients[client]!;
    const value = new Uint8Array(bytes);
    const pending: Pending = createPending(
      { kind: 'put', key, value, condition: always, wantPrevious: false },
      0,
      this.nowMs + deadlineMs + this.count++ / 1024,
      (outcome) => {
        if (outcome.kind === 'failed')
          this.fates.push({ key, code: outcome.code, retryAfterMs: outcome.retryAfterMs });
      },
      who,
    );
    const answer = this.lane.offer(pending, this.nowMs);
    const expected = this.twin.offer(pending, this.nowMs, answer === null);
    if (answer === null || expected === null) expect(answer).toBe(expected);
    else expect(answer).toBeCloseTo(expected, 6);
  }

  private take({ most, apart }: Extract<Command, { kind: 'take' }>): void {
    const mayRide = (first: Pending, other: Pending) =>
      !apart || first.operation.key < 'c' === other.operation.key < 'c';
    const { nowMs, inFlight } = this;
    if (inFlight.length === 2) return;
    const held = inFlight.flat().map(({ etcdKey }) => etcdKey);
    const batch = this.lane.take(most, nowMs, mayRide, new Set(held));
    expect(batch).toEqual(this.twin.take(most, nowMs, mayRide, held));
    expect(batch.filter(({ etcdKey }) => held.includes(etcdKey))).toEqual([]);
    if (batch.length > 0) inFlight.push(batch);
  }

  private end({ second, ms, putBack }: Extract<Command, { kind: 'ended' }>): void {
    const at = second ? 1 : 0;
    const [batch] = this.inFlight.splice(at, 1);
    if (batch === undefined) return;
    this.lane.onEnded(batch, ms);
    this.twin.onEnded(at, ms);
    if (!putBack) return;
    this.lane.putBack(batch);
    this.twin.putBack(batch);
  }

  private settleOne(at: number): void {
    const pending = this.twin.waiting[at];
    if (pending === undefined || pending.settle === null) return;
    settle(pending, { kind: 'unknown', message: '' });
    this.twin.noteSettled(pending);
  }
}

function rounded(fates: DumbLane['fates']): unknown[] {
  return fates.map(({ retryAfterMs, ...rest }) => ({ ...rest, retryAfterMs: retryAfterMs?.toFixed(6) }));
}

test('a lane does what one does that works everything out anew', () => {
  fc.assert(
    fc.property(limits, fc.array(command, { minLength: 5, maxLength: 60, size: 'max' }), (tight, steps) => {
      const pair = new Pair(tight);
      for (const step of steps) {
        pair.do(step);
        pair.check();
      }
    }),
    { numRuns: 300 },
  );
});
