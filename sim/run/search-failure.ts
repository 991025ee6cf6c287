/**
 * Draws scenarios until one breaks a property, then lets fast-check shrink it. Each scenario runs twice: the same seed must
 * give the same hash. Bounded in runs, and in the runs that shrinking may take.
 */
import fc from 'fast-check';
import type { FaultTally } from './faults/fault-script.ts';
import { runScenario, type RunReport } from './run-scenario.ts';
import { scenarioArbitrary } from './scenario/scenario-arbitrary.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { StrayErrors } from './stray-errors.ts';
import type { Violation } from './properties/violations.ts';

/** Bounds shrinking to half a minute of one core. */
const shrinkRunsMaxDefault = 400;

export interface Failure {
  scenario: Scenario;
  /** Empty when the run itself threw. */
  violations: readonly Violation[];
  /** What the run threw, or null. */
  crash: string | null;
  /** Scenarios that were drawn before the one that failed. */
  runsBefore: number;
}

export interface Progress {
  runs: number;
  operations: { ok: number; failed: number; unknown: number };
  faults: FaultTally;
  movesDone: number;
  movesAborted: number;
  /** Moves that were begun again because a watch had not told what its shard holds: none where all watches tell all. */
  movesUnproven: number;
  /** Moves that were given up after a few tries. */
  movesFailed: number;
  /** Copies that took longer than etcd kept the revision of their beginning. */
  copiesOutlasting: number;
  /** Strikes by kind and phase of a move ("kill in copy"), and how often each was made. */
  strikes: Record<string, number>;
  /** Odd answers that members gave, by their name. */
  answers: Record<string, number>;
  /** Runs on each release of etcd. */
  releases: Record<string, number>;
  /** Counts of members: disks that were lost, members that got their vote, members that left. */
  members: Record<string, number>;
}

export interface SearchOptions {
  /** Seed of the drawing of scenarios. */
  seed: number;
  runs: number;
  /** False runs each scenario once. */
  twice: boolean;
  /** Runs that shrinking may take. */
  shrinkRunsMax?: number;
  onProgress: (progress: Progress) => void;
  /** Notes the rejections of the process that nobody handles; absent: they end the process. */
  strays?: StrayErrors;
}

export function newProgress(): Progress {
  return {
    runs: 0,
    operations: { ok: 0, failed: 0, unknown: 0 },
    faults: {},
    movesDone: 0,
    movesAborted: 0,
    movesUnproven: 0,
    movesFailed: 0,
    copiesOutlasting: 0,
    strikes: {},
    answers: {},
    releases: {},
    members: {},
  };
}

/** The first failure, shrunk; null when all runs passed. */
export async function searchFailure({
  seed,
  runs,
  twice,
  shrinkRunsMax = shrinkRunsMaxDefault,
  onProgress,
  strays,
}: SearchOptions): Promise<Failure | null> {
  const progress = newProgress();
  let failure: Failure | null = null;
  let shrinkRuns = 0;
  const property = fc.asyncProperty(scenarioArbitrary, async (scenario) => {
    if (failure !== null && ++shrinkRuns > shrinkRunsMax) return true;
    const found = await judgeScenario(scenario, { twice: twice && failure === null, progress, strays });
    onProgress(progress);
    if (found === null) return true;
    failure = { ...found, runsBefore: failure?.runsBefore ?? progress.runs - 1 };
    return false;
  });
  await fc.check(property, { seed, numRuns: runs });
  return failure === null ? null : shrinkSizes(failure, strays);
}

/** Ways to make a scenario smaller than any that is drawn; null when the scenario has nothing left to remove. */
const reductions: ((scenario: Scenario) => Scenario | null)[] = [
  // A shorter run at the same pace.
  (scenario) => {
    const faultsUntilMs = Math.floor(scenario.budgets.faultsUntilMs * 0.7);
    const operations = Math.floor(scenario.workload.operations * 0.7);
    if (operations === 0 || faultsUntilMs < 1000) return null;
    const { workload, budgets } = scenario;
    const isBefore = ({ atMs }: { atMs: number }) => atMs < faultsUntilMs;
    return {
      ...scenario,
      workload: { ...workload, operations },
      // A change that began after the end could not end in time.
      moves: scenario.moves.filter(isBefore),
      faults: scenario.faults.filter(isBefore),
      budgets: { ...budgets, faultsUntilMs },
    };
  },
  halve('operations'),
  halve('clients'),
  halve('keys'),
];

function halve(field: 'operations' | 'clients' | 'keys'): (scenario: Scenario) => Scenario | null {
  return (scenario) => {
    const size = Math.floor(scenario.workload[field] / 2);
    return size === 0 ? null : { ...scenario, workload: { ...scenario.workload, [field]: size } };
  };
}

/** A failure that was found with 300 operations may need only 5: reduces the scenario while it fails in the same way. */
async function shrinkSizes(failure: Failure, strays: StrayErrors | undefined): Promise<Failure> {
  let smallest = failure;
  for (const reduce of reductions) {
    for (let scenario = reduce(smallest.scenario); scenario !== null; scenario = reduce(smallest.scenario)) {
      const found = await judgeScenario(scenario, { twice: false, progress: newProgress(), strays });
      if (found === null || !isSameKind(found, failure)) break;
      smallest = { ...found, runsBefore: failure.runsBefore };
    }
  }
  return smallest;
}

/** A smaller run may fail for another reason: too little happened in it. */
function isSameKind(found: Omit<Failure, 'runsBefore'>, failure: Failure): boolean {
  if (failure.crash !== null) return found.crash !== null;
  const [first] = failure.violations;
  return found.violations.some(({ property }) => property === first!.property);
}

/** Null when the scenario passes. */
export async function judgeScenario(
  scenario: Scenario,
  { twice, progress, strays }: { twice: boolean; progress: Progress; strays?: StrayErrors | undefined },
): Promise<Omit<Failure, 'runsBefore'> | null> {
  progress.runs++;
  try {
    const report = await runScenario(scenario);
    addTo(progress, scenario, report);
    const stray = await strays?.take();
    if (stray) throw stray.error;
    if (report.violations.length > 0) return { scenario, violations: report.violations, crash: null };
    if (!twice) return null;
    const again = await runScenario(scenario);
    if (again.hash === report.hash) return null;
    const message = `the hashes of two runs are ${report.hash} and ${again.hash}`;
    return { scenario, violations: [{ property: 'deterministic', message }], crash: null };
  } catch (error) {
    // Rejections that this run left behind must not count against the next one.
    await strays?.take();
    return {
      scenario,
      violations: [],
      crash: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function addTo(progress: Progress, { topology }: Scenario, report: RunReport): void {
  const { counts, counters, faults, strikes, movesDone, movesAborted, movesUnproven } = report;
  progress.movesFailed += report.movesFailed;
  progress.copiesOutlasting += report.copiesOutlasting;
  progress.operations.ok += counts.ok;
  progress.operations.failed += counts.failed;
  progress.operations.unknown += counts.unknown;
  progress.movesDone += movesDone;
  progress.movesAborted += movesAborted;
  progress.movesUnproven += movesUnproven;
  for (const [name, count] of strikes) progress.strikes[name] = (progress.strikes[name] ?? 0) + count;
  for (const [name, count] of Object.entries(counters.oddAnswers))
    progress.answers[name] = (progress.answers[name] ?? 0) + count;
  const { lostDisks, membersJoined, membersLeft, snapshots } = counters;
  for (const [name, count] of Object.entries({ lostDisks, membersJoined, membersLeft, snapshots }))
    progress.members[name] = (progress.members[name] ?? 0) + count;
  progress.releases[topology.release] = (progress.releases[topology.release] ?? 0) + 1;
  for (const [kind, count] of Object.entries(faults) as [keyof FaultTally, number][]) {
    progress.faults[kind] = (progress.faults[kind] ?? 0) + count;
  }
}
