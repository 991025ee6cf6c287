/**
 * What is drawn after all else of a scenario, so that what a seed gave before it still gives where none of this is drawn for it:
 * members that are lost, come and go, and copies of messages that arrive very late.
 */
import fc from 'fast-check';
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
    // Two that have come together elect one of them in 2 s at most, and serve for a while.
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

/** Some of the reads that come meanwhile are of several keys. */
const largeRepliesForMs = 4000;

/** In a move of the scenario. */
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
    // Others are elected within 2 s after the split, and the last copies come later.
    delayMs: fc.integer({ min: 2000, max: 4000 }),
    // Copies keep the leader of the past in office, if they come without a gap of an election's time.
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

/** The same scenario, and now and then what befalls its members besides. */
export function withAdditions(scenarios: fc.Arbitrary<Scenario>): fc.Arbitrary<Scenario> {
  return fc.tuple(scenarios, event, copies).map(([scenario, drawn, late]): Scenario => {
    const more = [faultOf(drawn, scenario), late].filter((fault) => fault !== null);
    const all = more.length === 0 ? scenario : { ...scenario, faults: [...scenario.faults, ...more] };
    return withLargeReplies(all);
  });
}

/**
 * Only replies with several values are ever too large: where they may be, all keys have one slot, its shard answers so, and
 * many read at once.
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
