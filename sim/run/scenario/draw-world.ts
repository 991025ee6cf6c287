/** Draws topology, workload and limits: mostly as users have them, and now and then at their bounds. */
import fc from 'fast-check';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { releaseNames } from '../../etcd/release.ts';
import { atMs } from './draw-faults.ts';
import type { Scenario } from './scenario.ts';
import { moverLimits as moverLimitsSchema } from './scenario-limits.ts';

type Topology = Scenario['topology'];
type Limits = Scenario['limits'];

const usually = <Value>(value: Value, ...others: Value[]): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(value) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

/** Retention, as a multiple of the time that a watch lags. */
const remembersMin = 5;

const anyTopology: fc.Arbitrary<Topology> = fc.record({
  shards: usually(3, 2, 4, 1),
  members: usually<Topology['members']>(3, 1, 5),
  release: fc.constantFrom(...releaseNames),
  sharders: usually(3, 1, 2, 4),
  viewServers: fc.constantFrom(1, 2, 2),
  preVote: fc.boolean(),
  disk: fc.constantFrom('pd-ssd' as const, 'nvme' as const, 'slow' as const),
  network: fc.constantFrom('same_zone' as const, 'same_host' as const, 'cross_zone' as const),
  watchLagMs: fc.constantFrom(0, 30, 100),
  keysPerSecondMax: fc.constantFrom(null, 100),
  // Shorter than a copy, or than a move.
  retentionMs: fc.constantFrom(null, null, null, 20, 300),
  quotaBytes: fc.constant(null),
  maxTxnOps: fc.constant(1024),
  keptEntries: fc.constant(null),
});

/** A move can never be proven when the shard forgets an event before its watch has told it. */
export const topology = anyTopology.map(({ retentionMs, ...others }): Topology => ({
  ...others,
  retentionMs: retentionMs === null ? null : Math.max(retentionMs, remembersMin * others.watchLagMs),
}));

const noCrowds = fc.constant<{ atMs: number; requests: number }[]>([]);

export const workload: fc.Arbitrary<Scenario['workload']> = fc.record({
  clients: fc.integer({ min: 4, max: 8 }),
  operations: fc.integer({ min: 300, max: 400 }),
  keys: fc.integer({ min: 2, max: 16 }),
  tags: fc.constantFrom(0, 1, 2, 4),
  keyStyle: usually('plain' as const, 'extreme' as const),
  valueBytes: usually([4], [4, 4, 4000], [4, 100_000]),
  crowds: fc.oneof(
    { weight: 3, arbitrary: noCrowds },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ atMs, requests: fc.constantFrom(20, 200) }), {
        minLength: 1,
        maxLength: 2,
      }),
    },
  ),
  mix: fc.constant({ get: 32, put: 26, delete: 6, cas: 10, burst: 8, conditional: 12, batch: 6 }),
});

/** As users have them, but for queues and batches that are now and then very short. */
export const limits: fc.Arbitrary<Limits> = fc.record({
  laneOperationsMax: fc.constantFrom(4096, 2),
  batchOperationsMax: fc.constantFrom(118, 3),
  // Below the time of a write's attempt, and above it.
  operationTimeoutMs: fc.constantFrom(5000, 5000, 5000, 2000),
  admittedMsMax: fc.constantFrom(800, 100),
  answerMsMax: fc.constant(defaultLimits.answerMsMax),
  batchBytesMax: fc.constant(defaultLimits.batchBytesMax),
  laneBytesMax: fc.constant(defaultLimits.laneBytesMax),
  replyBytesTarget: fc.constant(defaultLimits.replyBytesTarget),
  readAttemptMs: fc.constant(defaultLimits.readAttemptMs),
  writeAttemptMs: fc.constant(defaultLimits.writeAttemptMs),
  heldMsMax: fc.constant(defaultLimits.heldMsMax),
  heldOperationsMax: fc.constant(defaultLimits.heldOperationsMax),
  roomPollMs: fc.constant(0),
  roomPollMsMin: fc.constant(defaultLimits.roomPollMsMin),
});

/** Small ones, and timeouts in any order. */
export const tightLimits: fc.Arbitrary<Limits> = fc.record({
  laneOperationsMax: fc.constantFrom(4096, 16, 1),
  batchOperationsMax: fc.constantFrom(118, 7, 1),
  operationTimeoutMs: fc.constantFrom(5000, 2500, 800, 300),
  admittedMsMax: fc.constantFrom(800, 50),
  answerMsMax: fc.constantFrom(900, 100),
  batchBytesMax: fc.constantFrom(1_300_000, 9000, 5000),
  laneBytesMax: fc.constantFrom(16 * 1024 * 1024, 20_000, 9000),
  replyBytesTarget: fc.constantFrom(8 * 1024 * 1024, 10_000, 4000),
  readAttemptMs: fc.constantFrom(1000, 200, 4000),
  writeAttemptMs: fc.constantFrom(3000, 400, 1200),
  heldMsMax: fc.constantFrom(2000, 100, 6000),
  heldOperationsMax: fc.constantFrom(2048, 3),
  roomPollMs: fc.constant(0),
  roomPollMsMin: fc.constant(defaultLimits.roomPollMsMin),
});

const simulated = moverLimitsSchema.parse({});

export const moverLimits: fc.Arbitrary<Scenario['moverLimits']> = fc.record({
  pageKeysMax: usually(simulated.pageKeysMax, 2, 5),
  writeOperationsMax: usually(simulated.writeOperationsMax, 1, 3, 16),
  writeBytesMax: usually(simulated.writeBytesMax, 40),
  clearKeysMax: usually(simulated.clearKeysMax, 1, 2),
  writesInFlightMax: usually(simulated.writesInFlightMax, 1, 4),
  freezeLagKeysMax: usually(simulated.freezeLagKeysMax, 1, 8),
  tailBytesMax: usually(simulated.tailBytesMax, 30),
});
