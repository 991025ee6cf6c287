/**
 * Additions, drawn after all else of a scenario: a seed for which none is drawn gives what it gave before. They are members that
 * are lost, come and go, copies of messages that arrive very late, and members that get snapshots.
 */
import fc from 'fast-check';
import { reserveOf } from '../../../sharder/core/reserve.ts';
import { SLOT_COUNT, slotOf } from '../../../sharder/core/slot.ts';
import { hashText } from '../../../sharder/hash.ts';
import { atMs, target } from './draw-faults.ts';
import { afterMs, lostDisks, strikeForMs } from './draw-strikes.ts';
import { keyName } from './key-names.ts';
import { type Fault, type Scenario, strikablePhases } from './scenario.ts';

const loseDisk = fc
  .record({
    shard: target,
    member: target,
    atMs,
    // Long enough for a few writes, or for many.
    behindMs: fc.oneof(fc.constant(0), fc.integer({ min: 100, max: 3000 })),
    // The two members that are left elect a leader in 2 s at most, and serve for a while.
    aloneForMs: fc.integer({ min: 1500, max: 6000 }),
    repairAfterMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4000 })),
  })
  .map(({ aloneForMs, ...fault }): Fault => ({
    kind: 'lose_disk',
    forMs: fault.behindMs + aloneForMs,
    ...fault,
  }));

const growShard = fc
  .record({
    atMs,
    shard: target,
    // A leader that is cut off finds out in 2 s at most.
    learnsMs: fc.oneof(fc.constant(0), fc.integer({ min: 1000, max: 5000 })),
    withLeader: fc.boolean(),
    votesForMs: fc.integer({ min: 200, max: 5000 }),
  })
  .map(({ votesForMs, ...fault }): Fault => ({
    kind: 'grow_shard',
    forMs: fault.learnsMs + votesForMs,
    ...fault,
  }));

/** Long enough that some of the reads in this time are of several keys. */
const largeRepliesForMs = 4000;

/** A strike on a disk during a move of the scenario. */
const strikeDisk = fc.record({
  move: fc.nat({ max: 19 }),
  afterMs,
  phase: fc.constantFrom(...strikablePhases),
  what: fc.constantFrom(...lostDisks),
  forMs: strikeForMs,
});

type Event = { kind: 'nothing' } | { kind: 'fault'; fault: Fault } | { kind: 'strike'; strike: DrawnStrike };
type DrawnStrike = typeof strikeDisk extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<Event>({ kind: 'nothing' }) },
  { weight: 2, arbitrary: loseDisk.map((fault): Event => ({ kind: 'fault', fault })) },
  { weight: 1, arbitrary: growShard.map((fault): Event => ({ kind: 'fault', fault })) },
  { weight: 1, arbitrary: strikeDisk.map((strike): Event => ({ kind: 'strike', strike })) },
);

const lateCopies = fc
  .record({
    atMs,
    shard: target,
    sharder: target,
    // The others elect a leader within 2 s after the split, and the last copies come later.
    delayMs: fc.integer({ min: 2000, max: 4000 }),
    // Copies keep the old leader in office, if no gap between them is as long as an election timeout.
    moreMs: fc.integer({ min: -500, max: 1000 }),
  })
  .map(({ moreMs, delayMs, ...fault }): Fault => {
    const splitAfterMs = delayMs + moreMs;
    return { kind: 'late_copies', forMs: splitAfterMs + delayMs + 500, splitAfterMs, delayMs, ...fault };
  });

const copies: fc.Arbitrary<Fault | null> = fc.oneof(
  { weight: 11, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: lateCopies },
);

/** A shard makes some hundred entries in a run: a member that misses a second or two of them gets a snapshot. */
const keptEntries: fc.Arbitrary<number | null> = fc.constantFrom(null, null, 3, 12);

/** The same scenario, and now and then additional faults of its members. */
export function withAdditions(scenarios: fc.Arbitrary<Scenario>): fc.Arbitrary<Scenario> {
  return fc.tuple(scenarios, event, copies, keptEntries).map(([scenario, drawn, late, kept]): Scenario => {
    const more = [faultOf(drawn, scenario), late].filter((fault) => fault !== null);
    const faults = [...scenario.faults, ...more];
    return withLargeReplies({ ...scenario, topology: { ...scenario.topology, keptEntries: kept }, faults });
  });
}

/** Keys of others take the room of both shards, but for the reserve and little more, and clients put much at once. */
const full = fc.record({
  atMs: fc.integer({ min: 1000, max: 6000 }),
  forMs: fc.integer({ min: 3000, max: 9000 }),
  beyondReserve: fc.integer({ min: 0, max: 8000 }),
  retentionMs: fc.constantFrom(1000, 3000),
});
const fullOnce = fc.oneof({ weight: 23, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: full });
/** The reserve of this quota is several times the size of all short batches that three sharders have in flight. */
const quotaBytes = 256 * 1024;
const besideFullShards: readonly Fault['kind'][] = ['kill_sharder', 'kill_view_server', 'pause_view_server'];

/** The same scenario, or now and then one of full shards in its place. */
export function withFullShards(scenarios: fc.Arbitrary<Scenario>): fc.Arbitrary<Scenario> {
  return fc.tuple(scenarios, fullOnce).map(([scenario, drawn]): Scenario => {
    if (drawn === null) return scenario;
    const { beyondReserve, retentionMs, ...fault } = drawn;
    const { topology, workload, limits, moves, faults } = scenario;
    const leftBytes = reserveOf(quotaBytes) + beyondReserve;
    const crowds = [1000, 2500].map((laterMs) => ({ atMs: fault.atMs + laterMs, requests: 120 }));
    return {
      ...scenario,
      topology: { ...topology, shards: 2, sharders: Math.min(3, topology.sharders), quotaBytes, retentionMs },
      workload: { ...workload, keyStyle: 'plain', valueBytes: [4, 400], tags: 0, crowds },
      limits: { ...limits, batchOperationsMax: 3, roomPollMs: 500, roomPollMsMin: 50 },
      // A hand-over marks each of its slots: hundreds of marks take as much as this small reserve.
      moves: moves.filter(({ kind }) => kind === 'move'),
      faults: [
        ...faults.filter(({ kind }) => besideFullShards.includes(kind)),
        ...[0, 1].map((shard) => ({ kind: 'crowd_shard' as const, shard, leftBytes, ...fault })),
      ],
    };
  });
}

/**
 * Only replies with several values are ever too large. Where the scenario has such replies, all keys have one slot, its shard
 * answers so, and many clients read at once.
 */
function withLargeReplies(scenario: Scenario): Scenario {
  const odd = scenario.faults.find(isOfLargeReplies);
  if (odd === undefined) return scenario;
  const { limits, moverLimits, topology } = scenario;
  const workload = {
    ...scenario.workload,
    tags: 1,
    clients: 8,
    mix: { ...scenario.workload.mix, get: 100, batch: 60 },
  };
  const slot = slotOf(keyName(0, workload), hashText);
  const shard = Math.floor((slot * topology.shards) / SLOT_COUNT);
  const forMs = Math.max(odd.forMs, largeRepliesForMs);
  return {
    ...scenario,
    workload,
    limits: { ...limits, laneOperationsMax: 4096, batchOperationsMax: 118 },
    moverLimits: { ...moverLimits, pageKeysMax: Math.max(moverLimits.pageKeysMax, 5) },
    faults: scenario.faults.map((fault) =>
      fault === odd ? { ...odd, shard, member: null, percent: 100, forMs } : fault,
    ),
  };
}

function isOfLargeReplies(fault: Fault): fault is Extract<Fault, { kind: 'odd_answers' }> {
  return fault.kind === 'odd_answers' && fault.answer === 'reply_too_large';
}

function faultOf(drawn: Event, { moves }: Scenario): Fault | null {
  if (drawn.kind === 'nothing') return null;
  if (drawn.kind === 'fault') return drawn.fault;
  const { move, ...strike } = drawn.strike;
  const struck = moves[move % Math.max(moves.length, 1)];
  return struck === undefined
    ? null
    : { kind: 'strike_phase', atMs: struck.atMs, times: 1, until: null, ...strike };
}
