/** Draws strikes on a phase of a move, so that they hurt: each phase gets more of the strikes that can break it. */
import fc from 'fast-check';
import { type Fault, strikablePhases } from './scenario.ts';

type Strike = Extract<Fault, { kind: 'strike_phase' }>;
type Phase = Strike['phase'];
type What = Strike['what'];

/** Strikes that fit any phase. */
const anywhere: readonly What[] = [
  'kill',
  'pause',
  'kill_source',
  'kill_destination',
  'pause_source',
  'pause_destination',
  'stall_destination',
  'cut_source',
  'cut_destination',
  'clog_source',
  'clog_destination',
  'swap_addresses',
  'abort',
  'pause_and_abort',
];

/** Strikes that fit a phase: they hit what is at stake in it. */
const apt: Partial<Record<Phase, readonly What[]>> = {
  import: ['pause', 'pause_and_abort', 'abort', 'stall_destination', 'kill_destination'],
  copy: [
    'refused_by_destination',
    'unheard_by_destination',
    'clog_destination',
    'break_watches',
    'compact_source',
    'kill_source',
    'pause_destination',
    'stall_destination',
    'fill_destination',
    'pause',
    'cut_destination',
  ],
  tail: [
    'refused_by_destination',
    'unheard_by_destination',
    'clog_destination',
    'break_watches',
    'compact_source',
    'pause_destination',
    'stall_destination',
    'pause',
  ],
  freeze: [
    'refused_by_source',
    'clog_source',
    'break_watches',
    'pause',
    'pause_and_abort',
    'pause_source',
    'stall_source',
    'lose_replies',
  ],
  drain: [
    'break_watches',
    'compact_source',
    'pause',
    'pause_destination',
    'stall_destination',
    'kill_source',
  ],
  activate: [
    'unheard_by_destination',
    'refused_by_destination',
    'clog_destination',
    'pause',
    'pause_destination',
    'stall_destination',
    'lose_replies',
    'cut_destination',
  ],
  publish: ['kill', 'pause', 'lose_replies', 'cut_source'],
  clean: ['refused_by_source', 'lose_replies', 'pause', 'pause_source', 'kill_source', 'stall_source'],
  rollback: [
    'clog_source',
    'pause',
    'kill',
    'pause_source',
    'pause_destination',
    'stall_source',
    'cut_destination',
  ],
};

/** Drawn apart from the others (sim/run/scenario/draw-additions.ts), in any phase. */
export const lostDisks = ['lose_disk_of_source', 'lose_disk_of_destination'] as const;

/** Every strike that is drawn, as "what in phase". */
export function strikeNames(): string[] {
  const isIn = (phase: Phase) => (each: { phase: Phase }) => each.phase === phase;
  return strikablePhases.flatMap((phase) => {
    const refused = refusals.filter(isIn(phase)).map(({ what }) => what);
    const whats = new Set([...(apt[phase] ?? []), ...anywhere, ...lostDisks, ...refused]);
    return [...whats].map((what) => strikeName(what, phase));
  });
}

export function strikeName(what: What, phase: Phase): string {
  return `${what} in ${phase}`;
}

const phaseAndWhat: fc.Arbitrary<{ phase: Phase; what: What }> = fc
  .constantFrom(...strikablePhases)
  .chain((phase) =>
    fc
      .oneof(
        { weight: 3, arbitrary: fc.constantFrom(...(apt[phase] ?? anywhere)) },
        { weight: 1, arbitrary: fc.constantFrom(...anywhere) },
      )
      .map((what) => ({ phase, what })),
  );

/** Short strikes hit one call; those near a timeout decide who gives up first. */
export const strikeForMs = fc.oneof(
  fc.integer({ min: 20, max: 400 }),
  // A late request then arrives among those that were made instead.
  fc
    .tuple(fc.constantFrom(500, 750, 1000, 3000, 3000, 5000), fc.integer({ min: -100, max: 300 }))
    .map(([timeoutMs, moreMs]) => timeoutMs + moreMs),
);

/** Long enough for a waiter to give up, and for another mover to go on. */
const untilForMs = fc.integer({ min: 2000, max: 7000 });

/**
 * A request that is held up in one phase arrives in another one: a write of the copy among those of the tail, an old freeze
 * before an abort, an activation when another mover has begun again. The protocol stands or falls by these.
 */
const duels: readonly { phase: Phase; what: What; until: readonly Phase[] }[] = [
  { phase: 'copy', what: 'clog_destination', until: ['freeze', 'drain', 'activate'] },
  { phase: 'copy', what: 'clog_destination', until: ['freeze', 'drain', 'activate'] },
  { phase: 'tail', what: 'clog_destination', until: ['freeze', 'drain', 'activate', 'import'] },
  { phase: 'activate', what: 'clog_destination', until: ['import', 'copy', 'rollback', 'freeze'] },
  { phase: 'freeze', what: 'clog_source', until: ['import', 'copy', 'rollback', 'drain'] },
  { phase: 'rollback', what: 'clog_source', until: ['copy', 'freeze', 'drain', 'import'] },
  { phase: 'rollback', what: 'clog_destination', until: ['copy', 'freeze', 'drain', 'import'] },
  { phase: 'import', what: 'clog_destination', until: ['copy', 'freeze', 'rollback'] },
  { phase: 'clean', what: 'clog_source', until: ['import', 'copy'] },
  { phase: 'import', what: 'pause', until: ['copy', 'freeze', 'drain', 'activate', 'clean'] },
  { phase: 'copy', what: 'pause', until: ['copy', 'freeze', 'drain', 'activate', 'publish', 'clean'] },
  { phase: 'tail', what: 'pause', until: ['copy', 'freeze', 'activate', 'clean'] },
  { phase: 'freeze', what: 'pause', until: ['copy', 'freeze', 'drain', 'activate', 'clean'] },
  { phase: 'drain', what: 'pause', until: ['import', 'copy', 'freeze', 'activate'] },
  { phase: 'activate', what: 'pause', until: ['import', 'rollback', 'copy', 'freeze'] },
  { phase: 'rollback', what: 'pause', until: ['import', 'copy', 'freeze', 'drain', 'activate'] },
  { phase: 'import', what: 'pause_and_abort', until: ['rollback', 'copy', 'freeze'] },
  { phase: 'freeze', what: 'pause_and_abort', until: ['rollback', 'copy', 'import'] },
  { phase: 'activate', what: 'pause_and_abort', until: ['rollback', 'import'] },
  { phase: 'copy', what: 'break_watches', until: ['drain', 'activate'] },
  { phase: 'tail', what: 'break_watches', until: ['activate', 'publish'] },
];

/**
 * A request of a mover in a phase is refused, or done and said not to be, until the mover has gone on: a mover that takes a
 * refusal for an answer goes on at once, and the refused step is missing for ever.
 */
const refusals: readonly { phase: Phase; what: What; until: readonly Phase[]; weight?: number }[] = [
  { phase: 'import', what: 'refused_by_destination', until: ['copy', 'tail'] },
  { phase: 'copy', what: 'refused_by_destination', until: ['tail', 'freeze'], weight: 6 },
  { phase: 'copy', what: 'unheard_by_destination', until: ['tail', 'freeze'] },
  { phase: 'copy', what: 'unfit_source', until: ['tail', 'freeze'] },
  { phase: 'copy', what: 'unfit_destination', until: ['tail', 'freeze'] },
  { phase: 'copy', what: 'large_replies_of_source', until: ['tail', 'freeze'] },
  { phase: 'tail', what: 'refused_by_destination', until: ['freeze', 'drain'] },
  { phase: 'tail', what: 'unfit_source', until: ['freeze', 'drain'] },
  { phase: 'freeze', what: 'unheard_by_source', until: ['drain', 'import'] },
  { phase: 'drain', what: 'unfit_source', until: ['activate', 'import'] },
  { phase: 'activate', what: 'refused_by_destination', until: ['publish', 'import'] },
  { phase: 'clean', what: 'unheard_by_source', until: ['import'] },
  { phase: 'clean', what: 'refused_by_source', until: ['import'] },
  { phase: 'rollback', what: 'refused_by_source', until: ['copy', 'import'] },
  { phase: 'rollback', what: 'unheard_by_source', until: ['copy', 'import'] },
  { phase: 'rollback', what: 'refused_by_destination', until: ['copy', 'import'] },
];

/** Zero, in the middle of the mover's work, or after it has got further. */
export const afterMs = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 8 }),
  fc.integer({ min: 0, max: 120 }),
);

/** @param atMs the moment from which the strike waits for its phase. */
export function strike(atMs: fc.Arbitrary<number>): fc.Arbitrary<Strike> {
  const plain = phaseAndWhat.chain(({ phase, what }) =>
    fc.record({
      kind: fc.constant('strike_phase' as const),
      atMs,
      afterMs,
      phase: fc.constant(phase),
      what: fc.constant(what),
      forMs: strikeForMs,
      times: fc.constantFrom(1, 1, 1, 2, 3),
      until: fc.constant(null),
    }),
  );
  return fc.oneof(plain, drawDuel(fc.constantFrom(...duels), atMs, afterMs));
}

/** A call of a mover that arrives late, when another request has been carried out before it. */
export function lateCall(atMs: fc.Arbitrary<number>): fc.Arbitrary<Strike> {
  const late = duels.filter(({ what }) => what === 'clog_source' || what === 'clog_destination');
  return drawDuel(fc.constantFrom(...late), atMs, fc.integer({ min: 0, max: 3 }));
}

/** As `lateCall`: the requests of a phase are refused from its beginning on. */
export function refusal(atMs: fc.Arbitrary<number>): fc.Arbitrary<Strike> {
  return drawDuel(
    fc.oneof(...refusals.map(({ weight = 1, ...duel }) => ({ weight, arbitrary: fc.constant(duel) }))),
    atMs,
    fc.constant(0),
  );
}

function drawDuel(
  drawn: fc.Arbitrary<(typeof duels)[number]>,
  atMs: fc.Arbitrary<number>,
  after: fc.Arbitrary<number>,
): fc.Arbitrary<Strike> {
  return drawn.chain(({ phase, what, until }) =>
    fc.record({
      kind: fc.constant('strike_phase' as const),
      atMs,
      afterMs: after,
      phase: fc.constant(phase),
      what: fc.constant(what),
      forMs: untilForMs,
      times: fc.constant(1),
      until: fc.constantFrom(...until),
    }),
  );
}
