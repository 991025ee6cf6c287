/**
 * Scenarios as fast-check draws and shrinks them. Only data is drawn, never scheduling: a shrunk scenario has fewer
 * faults, fewer clients, fewer keys, and its run is still a function of its seed.
 */
import fc from 'fast-check';
import { change, growing, lateTours, refusedTours, tours } from './draw-changes.ts';
import { atMs, fault, faultsUntilMs, minorityFaults } from './draw-faults.ts';
import { withAdditions, withFullShards } from './draw-additions.ts';
import { limits, moverLimits, tightLimits, topology, workload } from './draw-world.ts';
import type { Change, Fault, Scenario } from './scenario.ts';

/** Two view servers that drain two shards on slow disks, and obstruct each other, take more than 10 s. */
const convergeMs = 20_000;

const anyScenario: fc.Arbitrary<Scenario> = fc.record({
  format: fc.constant(1 as const),
  // Another seed is another run altogether, so it does not shrink.
  seed: fc.noShrink(fc.nat({ max: 0x7fff_ffff })),
  topology,
  workload,
  limits,
  moverLimits,
  moves: fc.array(change, { maxLength: 3 }),
  faults: fc.array(fault, { maxLength: 9, size: 'max' }),
  budgets: fc.constant({ faultsUntilMs, convergeMs }),
});

/** So that clients use the slots that move. */
const fewKeys = fc.record({ keys: fc.integer({ min: 2, max: 8 }), tags: fc.constantFrom(1, 2, 2, 0) });

/** Slots move all the time, and their movers are struck meanwhile. */
const movingScenario = fc
  .tuple(anyScenario, tours, fc.array(fault, { maxLength: 2, size: 'max' }), fewKeys)
  .map(([scenario, { moves, strikes }, faults, keys]): Scenario => {
    const shards = Math.max(2, scenario.topology.shards);
    return {
      ...scenario,
      topology: { ...scenario.topology, shards },
      workload: { ...scenario.workload, ...keys },
      moves,
      faults: [...strikes, ...faults],
    };
  });

/** Nothing fails, except that a call of a mover arrives late, in each of a few moves of slots that everybody uses. */
const lateScenario = fc
  .tuple(anyScenario, lateTours, fc.integer({ min: 2, max: 4 }))
  .map(([scenario, tour, keys]) => withTour(scenario, tour, keys));

function withTour(
  scenario: Scenario,
  { moves, strikes }: { moves: Change[]; strikes: Fault[] },
  keys: number,
): Scenario {
  return {
    ...scenario,
    topology: { ...scenario.topology, shards: 3, members: 3, keysPerSecondMax: null },
    workload: { ...scenario.workload, keys, tags: 1, crowds: [] },
    limits: {
      ...scenario.limits,
      laneOperationsMax: 4096,
      batchOperationsMax: 118,
      operationTimeoutMs: 5000,
    },
    moves,
    faults: strikes,
  };
}

/** Values, keys, queues and timeouts at their bounds. */
const tightScenario = fc
  .tuple(anyScenario, tightLimits, fc.boolean())
  .map(([scenario, tight, isSmall]): Scenario => ({
    ...scenario,
    topology: {
      ...scenario.topology,
      maxTxnOps: isSmall ? 8 : 1024,
      shards: Math.max(2, scenario.topology.shards),
    },
    workload: {
      ...scenario.workload,
      keyStyle: 'extreme',
      valueBytes: [4, 4, 100, 2000],
      crowds: scenario.workload.crowds.slice(0, 1),
    },
    limits: { ...tight, batchOperationsMax: isSmall ? 3 : tight.batchOperationsMax },
    moverLimits: { ...scenario.moverLimits, writeOperationsMax: isSmall ? 16 : 2, pageKeysMax: 16 },
    // Moves of whole shards freeze more slots in one transaction than such an etcd allows operations.
    moves: isSmall ? scenario.moves.filter(({ kind }) => kind === 'move') : scenario.moves,
  }));

/** One member at a time fails, of any shard: clients may notice only briefly. */
const minorityScenario = fc.tuple(anyScenario, minorityFaults).map(([scenario, faults]): Scenario => ({
  ...scenario,
  topology: { ...scenario.topology, members: 3 },
  workload: { ...scenario.workload, crowds: [] },
  limits: { ...scenario.limits, laneOperationsMax: 4096, operationTimeoutMs: 5000, admittedMsMax: 800 },
  moves: [],
  faults,
}));

/** Nothing fails, but more requests come at once than a shard carries out in time: some are refused, and all others served. */
const crowdedScenario = fc.tuple(anyScenario, atMs).map(([scenario, crowdAtMs]): Scenario => ({
  ...scenario,
  workload: { ...scenario.workload, crowds: [{ atMs: crowdAtMs, requests: 600 }], valueBytes: [4] },
  limits: { ...scenario.limits, laneOperationsMax: 4096, batchOperationsMax: 3, operationTimeoutMs: 1500 },
  moves: [],
  faults: [],
}));

/**
 * What CI runs: mostly 3 shards x 3 members and 3 sharders, at least 300 operations, 20 s of virtual time with faults, and at
 * most 20 s more until all rests.
 */
const mostScenarios: fc.Arbitrary<Scenario> = fc.oneof(
  { weight: 8, arbitrary: withAdditions(anyScenario) },
  { weight: 13, arbitrary: withAdditions(movingScenario) },
  { weight: 3, arbitrary: lateScenario },
  { weight: 2, arbitrary: withAdditions(tightScenario) },
  { weight: 1, arbitrary: minorityScenario },
  { weight: 1, arbitrary: crowdedScenario },
);

/** More keys than clients use during a move: a later write must not make up for one that was refused. */
const refusedKeys = fc.integer({ min: 8, max: 14 });

type Redrawn =
  | { kind: 'as it is' }
  | { kind: 'refused'; tour: { moves: Change[]; strikes: Fault[] }; keys: number }
  | { kind: 'lossy'; tour: { moves: Change[]; strikes: Fault[] }; keys: number; oneIn: number }
  | { kind: 'mute'; moves: Change[]; fromMs: number };

/**
 * A scenario in the place of the drawn one. Nothing fails in it, except that the mover's requests are refused, that watches of
 * slots do not tell all, or that those of the view are mute.
 */
const redrawn: fc.Arbitrary<Redrawn> = fc.oneof(
  { weight: 22, arbitrary: fc.constant<Redrawn>({ kind: 'as it is' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('refused' as const), tour: refusedTours, keys: refusedKeys }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lossy' as const),
      tour: lateTours,
      keys: refusedKeys,
      // When few events are lost, some proofs notice it; when many are, each does.
      oneIn: fc.integer({ min: 2, max: 12 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('mute' as const),
      moves: growing,
      fromMs: fc.integer({ min: 1000, max: 2000 }),
    }),
  },
);

/** What is drawn after all else, so that the other seeds give what they gave without it. */
export const scenarioArbitrary: fc.Arbitrary<Scenario> = fc
  .tuple(
    withFullShards(mostScenarios),
    redrawn,
    fc.constantFrom('slots' as const, 'weights' as const, 'loads' as const),
  )
  .map(([drawn, instead, by]) => {
    const scenario = replaced(drawn, instead);
    const moves = scenario.moves.map((move) => (move.kind === 'rebalance' ? { ...move, by } : move));
    return { ...scenario, moves };
  });

function replaced(scenario: Scenario, instead: Redrawn): Scenario {
  // Full shards are a scenario of their own.
  const isFull = scenario.faults.some(({ kind }) => kind === 'crowd_shard');
  if (instead.kind === 'as it is' || isFull) return scenario;
  if (instead.kind === 'refused') return withTour(scenario, instead.tour, instead.keys);
  if (instead.kind === 'lossy') {
    const { tour, keys, oneIn } = instead;
    const span = { atMs: 1500, forMs: faultsUntilMs - 4000 };
    const strikes = [0, 1, 2].map((shard): Fault => ({ kind: 'lossy_watches', ...span, shard, oneIn }));
    return withTour(scenario, { moves: tour.moves, strikes }, keys);
  }
  // To the end: a sharder that has not been told finds out by asking.
  const forMs = faultsUntilMs - instead.fromMs;
  const strikes: Fault[] = [{ kind: 'mute_watches', atMs: instead.fromMs, forMs, shard: 0 }];
  const mute = withTour(scenario, { moves: instead.moves, strikes }, scenario.workload.keys);
  // Events that the watch tells late must still be known then; a share of slots stops in one transaction.
  return { ...mute, topology: { ...mute.topology, retentionMs: null, maxTxnOps: 1024 } };
}

/** The scenario of one seed: the same for ever. */
export function scenarioOfSeed(seed: number): Scenario {
  const [scenario] = fc.sample(scenarioArbitrary, { seed, numRuns: 1 });
  return { ...scenario!, seed };
}
