/**
 * Draws scenarios until one breaks a property, then lets fast-check shrink it. Each scenario runs twice: the same seed must
 * give the same hash. Bounded in runs, and in the runs that shrinking may take.
 */
import fc from 'fast-check';
import type { FaultTally } from './fault-script.ts';
import { runScenario, type RunReport } from './run-scenario.ts';
import { scenarioArbitrary } from './scenario-arbitrary.ts';
import type { Scenario } from './scenario.ts';
import type { Violation } from './violations.ts';

/** A shrunk scenario is worth half a minute of one core. */
const shrinkRunsMax = 400;

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
}

export interface SearchOptions {
  /** Of the drawing of scenarios. */
  seed: number;
  runs: number;
  /** False runs each scenario once. */
  twice: boolean;
  onProgress: (progress: Progress) => void;
}

export function newProgress(): Progress {
  return { runs: 0, operations: { ok: 0, failed: 0, unknown: 0 }, faults: {}, movesDone: 0 };
}

/** The first failure, shrunk; null when all runs passed. */
export async function searchFailure({
  seed,
  runs,
  twice,
  onProgress,
}: SearchOptions): Promise<Failure | null> {
  const progress = newProgress();
  let failure: Failure | null = null;
  let shrinkRuns = 0;
  const property = fc.asyncProperty(scenarioArbitrary, async (scenario) => {
    if (failure !== null && ++shrinkRuns > shrinkRunsMax) return true;
    const found = await judgeScenario(scenario, { twice: twice && failure === null, progress });
    onProgress(progress);
    if (found === null) return true;
    failure = { ...found, runsBefore: failure?.runsBefore ?? progress.runs - 1 };
    return false;
  });
  await fc.check(property, { seed, numRuns: runs });
  return failure;
}

/** Null when the scenario passes. */
export async function judgeScenario(
  scenario: Scenario,
  { twice, progress }: { twice: boolean; progress: Progress },
): Promise<Omit<Failure, 'runsBefore'> | null> {
  progress.runs++;
  try {
    const report = await runScenario(scenario);
    addTo(progress, report);
    if (report.violations.length > 0) return { scenario, violations: report.violations, crash: null };
    if (!twice) return null;
    const again = await runScenario(scenario);
    if (again.hash === report.hash) return null;
    const message = `the hashes of two runs are ${report.hash} and ${again.hash}`;
    return { scenario, violations: [{ property: 'deterministic', message }], crash: null };
  } catch (error) {
    return {
      scenario,
      violations: [],
      crash: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function addTo(progress: Progress, { counts, faults, movesDone }: RunReport): void {
  progress.operations.ok += counts.ok;
  progress.operations.failed += counts.failed;
  progress.operations.unknown += counts.unknown;
  progress.movesDone += movesDone;
  for (const [kind, count] of Object.entries(faults) as [keyof FaultTally, number][]) {
    progress.faults[kind] = (progress.faults[kind] ?? 0) + count;
  }
}
