/** Who is taken by a lane, in whose place, and what it sends: by time, by client, by key. */
import { expect, test } from 'vitest';
import type { Client } from '../../../sharder/core/client.ts';
import { Lane } from '../../../sharder/core/lane.ts';
import { defaultLimits, type Limits } from '../../../sharder/core/limits.ts';
import { always, type Outcome } from '../../../sharder/core/operation.ts';
import { createPending, type Pending } from '../../../sharder/core/pending.ts';

const batchOperationsMax = 10;
const serviceMs = 100;
let keys = 0;

interface Sent {
  pending: Pending;
  outcome: Outcome | null;
}

/** A lane whose shard takes 100 ms for a transaction of at most 10 writes: 100 a second. */
class Rig {
  readonly lane: Lane;
  nowMs = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.lane = new Lane('write', { ...defaultLimits, batchOperationsMax, ...limits });
  }

  put({
    client = null,
    key = `k${keys++}`,
    bytes = 1,
  }: {
    client?: Client | null;
    key?: string;
    bytes?: number;
  }) {
    const sent: Sent & { waitMs: number | null } = { pending: null!, outcome: null, waitMs: null };
    const operation = {
      kind: 'put' as const,
      key,
      value: new Uint8Array(bytes),
      condition: always,
      wantPrevious: false,
    };
    const deadlineAtMs = this.nowMs + defaultLimits.operationTimeoutMs;
    sent.pending = createPending(operation, 0, deadlineAtMs, (outcome) => (sent.outcome = outcome), client);
    sent.waitMs = this.lane.offer(sent.pending, this.nowMs);
    return sent;
  }

  /** One transaction, after which so much time has passed. */
  serve(ms = serviceMs): Pending[] {
    const batch = this.lane.take(batchOperationsMax, this.nowMs);
    this.nowMs += ms;
    this.lane.onEnded(batch, ms);
    return batch;
  }

  /** Lets the lane learn its shard's rate, and empties it. */
  warm(): this {
    for (let n = 0; n < 30; n++) this.put({});
    while (this.lane.length > 0) this.serve();
    this.nowMs += 10_000;
    return this;
  }

  fill(client: Client | null = null): Sent[] {
    const taken: Sent[] = [];
    for (let n = 0; n < 500; n++) {
      const sent = this.put({ client });
      if (sent.waitMs === null) taken.push(sent);
    }
    return taken;
  }
}

const client = (): { gone: boolean } => ({ gone: false });

test('a lane takes what its shard carries out in time, and tells the others when to come again', () => {
  const rig = new Rig().warm();
  const taken = rig.fill();
  const inTime = (defaultLimits.admittedMsMax / serviceMs) * batchOperationsMax;
  expect(taken.length).toBeGreaterThan(0.8 * inTime);
  expect(taken.length).toBeLessThanOrEqual(1.1 * inTime);
  expect(rig.put({}).waitMs).toBeGreaterThan(defaultLimits.admittedMsMax);
  const startedAtMs = rig.nowMs;
  while (rig.lane.length > 0) rig.serve();
  expect(rig.nowMs - startedAtMs).toBeLessThanOrEqual(defaultLimits.admittedMsMax + 2 * serviceMs);
});

test('a lane that has never had to make anybody wait takes a crowd', () => {
  const rig = new Rig();
  for (let n = 0; n < 20; n++) {
    rig.put({});
    rig.serve();
  }
  expect(rig.fill()).toHaveLength(500);
});

test('who has how much is counted from the first refusal on, and anew when the lane has been empty', () => {
  const rig = new Rig().warm();
  for (const greedy of [client(), client()]) {
    const taken = rig.fill(greedy);
    const newcomer = rig.put({ client: client() });
    expect(newcomer.waitMs).toBeNull();
    expect(taken.filter(({ outcome }) => outcome !== null)).toHaveLength(1);
    while (rig.lane.length > 0) rig.serve();
  }
});

test('a lane in which nobody waits takes a large write, though it has only seen small ones', () => {
  const rig = new Rig().warm();
  expect(rig.put({ bytes: 900_000 }).waitMs).toBeNull();
});

test('a pause of the shard fails nobody whom the lane would have taken without it', () => {
  const rig = new Rig().warm();
  const sent = Array.from({ length: 40 }, () => rig.put({}));
  rig.serve(3000);
  while (rig.lane.length > 0) rig.serve();
  expect(sent.filter(({ outcome, waitMs }) => outcome !== null || waitMs !== null)).toEqual([]);
});

test('what has waited too long is not sent while others are refused', () => {
  const rig = new Rig().warm();
  rig.fill();
  rig.serve(1000);
  expect(rig.put({}).waitMs).not.toBeNull();
  const waiting = rig.lane.length;
  const late = rig.serve();
  expect(late).toEqual([]);
  expect(waiting).toBeGreaterThan(50);
  expect(rig.lane.length).toBe(0);
  expect(rig.put({}).waitMs).toBeNull();
});

test('what cannot end by its deadline is not sent', () => {
  const rig = new Rig().warm();
  const sent = rig.put({});
  rig.nowMs = sent.pending.deadlineAtMs - serviceMs / 2;
  expect(rig.serve()).toEqual([]);
  expect(sent.outcome).toMatchObject({ kind: 'failed', code: 'unavailable' });
});

test('a shard that was very slow once is asked again: what is fresh is sent whatever the rate was', () => {
  const rig = new Rig();
  rig.put({});
  rig.serve(20_000);
  for (let round = 0; round < 20; round++) {
    const sent = rig.put({});
    expect(rig.serve()).toEqual([sent.pending]);
  }
  const crowd = new Rig();
  for (let n = 0; n < 30; n++) crowd.put({});
  crowd.serve(20_000);
  crowd.serve(20_000);
  let sent = 0;
  for (let round = 0; round < 50; round++) {
    for (let n = 0; n < 15; n++) crowd.put({});
    sent += crowd.serve().length;
  }
  expect(sent).toBeGreaterThan(400);
});

test('a client cannot fill a lane: others get their places from it, and none from each other', () => {
  const rig = new Rig().warm();
  const greedy = client();
  const flood = rig.fill(greedy);
  const others = Array.from({ length: 20 }, () => rig.put({ client: client() }));
  expect(others.filter(({ waitMs }) => waitMs !== null)).toEqual([]);
  const evicted = flood.filter(({ outcome }) => outcome !== null);
  expect(evicted).toHaveLength(others.length);
  expect(evicted.at(0)!.outcome).toMatchObject({ kind: 'failed', code: 'overloaded' });
  expect(flood.slice(0, 10).every(({ outcome }) => outcome === null)).toBe(true);
  const crowded = new Rig().warm();
  const crowd = Array.from({ length: 200 }, () => crowded.put({ client: client() }));
  expect(crowd.filter(({ outcome }) => outcome !== null)).toEqual([]);
});

test('a newcomer with a large value pushes out no small one', () => {
  const rig = new Rig({ laneBytesMax: 50_000 }).warm();
  const greedy = client();
  for (let n = 0; n < 10; n++) rig.put({ client: greedy, bytes: 4900 });
  const { waitMs } = rig.put({ client: client(), bytes: 40_000 });
  expect(waitMs).not.toBeNull();
  expect(rig.lane.length).toBe(10);
});

test('a key that everybody writes holds as many places as it can have answers in time', () => {
  const rig = new Rig().warm();
  const hot = Array.from({ length: 400 }, () => rig.put({ key: 'hot' }));
  const taken = hot.filter(({ waitMs }) => waitMs === null);
  expect(taken.length).toBeLessThanOrEqual(defaultLimits.admittedMsMax / serviceMs);
  expect(taken.length).toBeGreaterThan(2);
  const others = Array.from({ length: 30 }, () => rig.put({}));
  expect(others.filter(({ waitMs }) => waitMs !== null)).toEqual([]);
  rig.serve(2000);
  expect(rig.serve().length).toBe(batchOperationsMax);
});

test('what nobody waits for any more is not sent, and its place is given away', () => {
  const rig = new Rig().warm();
  const gone = client();
  const sent = rig.fill(gone);
  gone.gone = true;
  rig.nowMs += 100;
  const later = Array.from({ length: 20 }, () => rig.put({}));
  expect(later.filter(({ waitMs }) => waitMs !== null)).toEqual([]);
  expect(sent.every(({ outcome }) => outcome?.kind === 'failed' && outcome.code === 'abandoned')).toBe(true);
  const batch = rig.serve();
  expect(batch.map(({ client: of }) => of)).not.toContain(gone);
});

test('what was sent is not taken back when its client goes', () => {
  const rig = new Rig().warm();
  const gone = client();
  const { pending, outcome } = rig.put({ client: gone });
  pending.sent = true;
  gone.gone = true;
  expect(rig.serve()).toEqual([pending]);
  expect(outcome).toBeNull();
});

test('large values go in transactions that leave time for those behind them', () => {
  const rig = new Rig({ batchOperationsMax: 100 });
  // 1 MiB a second.
  const rateMs = (batch: readonly Pending[]) => batch.reduce((sum, { bytes }) => sum + bytes, 0) / 1049;
  for (let round = 0; round < 8; round++) {
    for (let n = 0; n < 30; n++) rig.put({ bytes: 60_000 });
    const batch = rig.lane.take(100, rig.nowMs);
    rig.nowMs += rateMs(batch);
    rig.lane.onEnded(batch, rateMs(batch));
  }
  for (let n = 0; n < 30; n++) rig.put({ bytes: 60_000 });
  const batch = rig.lane.take(100, rig.nowMs);
  expect(rateMs(batch)).toBeLessThanOrEqual(defaultLimits.batchMsTarget + 10);
  expect(batch.length).toBeGreaterThan(2);
});
