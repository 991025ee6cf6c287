/** Draws the changes that an operator asks for, and the strikes that go with them. */
import fc from 'fast-check';
import { atMs, target } from './draw-faults.ts';
import { lateCall, refusal, strike } from './draw-strikes.ts';
import type { Change, Fault } from './scenario.ts';

/** Longer than the deadline of a call and the work after it. */
const lateEveryMs = 6000;

export const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      atMs,
      key: target,
      to: target,
      abortAfterMs: fc.option(fc.integer({ min: 0, max: 150 }), { freq: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('add_shard' as const), atMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove_shard' as const), atMs, shard: target }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rebalance' as const),
      atMs,
      by: fc.constant('slots' as const),
    }),
  },
);

type Tour = { moves: Change[]; strikes: Fault[] };

/** A change, and the strikes on its moves. */
const tour: fc.Arbitrary<{ change: Change; strikes: Fault[] }> = change.chain((drawn) =>
  fc.record({
    change: fc.constant(drawn),
    strikes: fc.array(strike(fc.constant(drawn.atMs)), { minLength: 1, maxLength: 2, size: 'max' }),
  }),
);

/** Changes with strikes on their moves. */
export const tours: fc.Arbitrary<Tour> = fc
  .array(tour, { minLength: 1, maxLength: 4, size: 'max' })
  .map((list) => ({
    moves: list.map((each) => each.change),
    strikes: list.flatMap(({ strikes }) => strikes),
  }));

/** Moves of used slots, one after the other, each with a strike of its own. */
function movesWith(drawStrike: typeof lateCall): fc.Arbitrary<Tour> {
  return fc
    .array(fc.record({ key: target, to: target }), { minLength: 2, maxLength: 3, size: 'max' })
    .chain((list) => {
      const moves = list.map((each, index): Change => ({
        kind: 'move',
        atMs: 2000 + index * lateEveryMs,
        ...each,
        abortAfterMs: null,
      }));
      return fc
        .tuple(...moves.map(({ atMs: fromMs }) => drawStrike(fc.constant(fromMs))))
        .map((strikes) => ({ moves, strikes }));
    });
}

/** Moves with a call each that arrives late. */
export const lateTours = movesWith(lateCall);
/** Moves whose mover's requests are refused for a while. */
export const refusedTours: fc.Arbitrary<Tour> = fc
  .tuple(movesWith(refusal), fc.integer({ min: 0, max: 150 }))
  .map(([{ moves, strikes }, abortAfterMs]) => ({
    // Only a move that is undone has something to roll back.
    moves: moves.map((move, index) => (isOfRollback(strikes[index]!) ? { ...move, abortAfterMs } : move)),
    strikes,
  }));

function isOfRollback(fault: Fault): boolean {
  return fault.kind === 'strike_phase' && fault.phase === 'rollback';
}

/** A new shard of which nobody has heard, and slots that go there. Those of the home shard stay: their copy needs its watches. */
export const growing: fc.Arbitrary<Change[]> = fc
  .array(fc.record({ key: target, atMs: fc.integer({ min: 5700, max: 7300 }) }), {
    minLength: 1,
    maxLength: 3,
    size: 'max',
  })
  .map((moves) => [
    { kind: 'add_shard', atMs: 5600 },
    ...moves.map((move): Change => ({ kind: 'move', to: 5, abortAfterMs: null, ...move })),
  ]);
