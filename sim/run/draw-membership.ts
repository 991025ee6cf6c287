/**
 * Members that are lost, come and go, as they are drawn: after all else of a scenario, so that what a seed gave before it still
 * gives where none of this is drawn for it.
 */
import fc from 'fast-check';
import { atMs, target } from './draw-faults.ts';
import { afterMs, lostDisks, strikeForMs } from './draw-strikes.ts';
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

/** The same scenario, and now and then what befalls its members. */
export function withMembership(scenarios: fc.Arbitrary<Scenario>): fc.Arbitrary<Scenario> {
  return fc.tuple(scenarios, event).map(([scenario, drawn]): Scenario => {
    const fault = faultOf(drawn, scenario);
    return fault === null ? scenario : { ...scenario, faults: [...scenario.faults, fault] };
  });
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
