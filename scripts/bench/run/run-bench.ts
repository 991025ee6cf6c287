/**
 * Runs a plan in a folder: every turn that has no result yet, one after the other, each with a cluster of its own. A cell
 * that fails is recorded and the others run; an interruption loses only the cell that was being measured.
 */
import type { Provider } from '../../../cluster/providers/provider.ts';
import { withCluster } from './environment.ts';
import { type CellPhase, measureCell } from './measure-cell.ts';
import { predictRun, testsToFit } from '../prediction/predict-run.ts';
import { readRun } from '../records/read-run.ts';
import { writeReport } from '../report/write-report.ts';
import { resultsCsv } from '../records/results-csv.ts';
import type { BenchPlan, CellFailure, CellResult, Environment } from '../records/run-data.ts';
import { type RunFolder, type Turn, turnsOf } from '../records/run-folder.ts';
import { plannedSeconds, secondsLeft } from './time-left.ts';

export interface BenchProgress {
  turn: Turn;
  phase: CellPhase | 'done' | 'failed';
  /** Set when the phase is `done` or `failed`. */
  outcome: CellResult | CellFailure | null;
  done: number;
  turns: number;
  secondsLeft: number;
}

export interface BenchOptions {
  plan: BenchPlan;
  folder: RunFolder;
  /** The environment of the run now; recorded when the run begins. */
  environment: Environment;
  /** Notes for the result of each cell that is measured from now on, one sentence each. */
  notes: readonly string[];
  /** A provider of the plan's kind whose state is in this folder. */
  createProvider(stateRoot: string): Promise<Provider>;
  signal: AbortSignal;
  onProgress: (progress: BenchProgress) => void;
  /** Called when all is measured: the capacity model is fitted on these tests, and predicts all tests, GKE too, in half a minute. */
  onPredict: (fittedTests: readonly string[]) => void;
}

export interface BenchOutcome {
  results: CellResult[];
  failures: CellFailure[];
  /** The report's files, the page first. */
  report: string[];
}

/** @throws the signal's reason after an interruption, once all finished cells and the report have been written. */
export async function runBench(options: BenchOptions): Promise<BenchOutcome> {
  const { plan, folder, signal } = options;
  folder.create(plan);
  if (folder.readEnvironment() === null) folder.writeEnvironment(options.environment);
  const provider = await options.createProvider(folder.stateRoot);
  try {
    await measureTurns(options, provider);
  } finally {
    await provider.close();
  }
  if (!signal.aborted) await predictTests(options);
  const outcome = await outcomeOf(folder, plan);
  signal.throwIfAborted();
  return outcome;
}

/** The report shows the capacity model's figures for the tests that it was not fitted on beside their measured ones. */
async function predictTests({ folder, onPredict }: BenchOptions): Promise<void> {
  const run = await readRun(folder.path);
  const fitted = testsToFit(run);
  if (fitted.length === 0) return;
  onPredict(fitted);
  await predictRun(run, fitted);
}

async function measureTurns(options: BenchOptions, provider: Provider): Promise<void> {
  const { plan, folder, signal, onProgress } = options;
  const turns = turnsOf(plan);
  const missing = turns.filter((turn) => folder.read(turn) === null);
  const startedAtMs = performance.now();
  for (const [index, turn] of missing.entries()) {
    if (signal.aborted) return;
    const cellAtMs = performance.now();
    const tell = (phase: BenchProgress['phase'], outcome: BenchProgress['outcome'] = null) => {
      const ended = outcome === null ? 0 : 1;
      onProgress({
        turn,
        phase,
        outcome,
        done: turns.length - missing.length + index + ended,
        turns: turns.length,
        secondsLeft: secondsLeft(plannedSeconds(plan), {
          done: index + ended,
          left: missing.length - index - ended,
          spentSeconds: ((ended ? performance.now() : cellAtMs) - startedAtMs) / 1000,
          inCellSeconds: ended ? 0 : (performance.now() - cellAtMs) / 1000,
        }),
      });
    };
    const outcome = await measureTurn(options, provider, { turn, onPhase: tell });
    if (outcome !== null) tell('peak' in outcome ? 'done' : 'failed', outcome);
  }
}

/** Null when it was interrupted. */
async function measureTurn(
  { plan, folder, notes, signal }: BenchOptions,
  provider: Provider,
  { turn, onPhase }: { turn: Turn; onPhase: (phase: CellPhase) => void },
): Promise<CellResult | CellFailure | null> {
  try {
    const {
      result: measured,
      samples,
      status,
    } = await measureCell({ plan, turn, provider, signal, onPhase });
    const result = { ...measured, notes: [...(measured.notes ?? []), ...notes] };
    folder.writeEnvironment(withCluster(folder.readEnvironment()!, status));
    folder.writeResult(result, samples);
    return result;
  } catch (error) {
    if (signal.aborted) return null;
    const failure: CellFailure = {
      test: turn.cell.test,
      repeat: turn.repeat,
      cell: turn.cell,
      failure: error instanceof Error ? error.message : String(error),
    };
    folder.writeFailure(failure);
    return failure;
  }
}

/** Writes results.csv and the report of the results so far. */
export async function outcomeOf(folder: RunFolder, plan: BenchPlan): Promise<BenchOutcome> {
  const there = turnsOf(plan)
    .map((turn) => folder.read(turn))
    .filter((outcome) => outcome !== null);
  const results = there.filter((outcome): outcome is CellResult => 'peak' in outcome);
  const failures = there.filter((outcome): outcome is CellFailure => 'failure' in outcome);
  folder.writeText('results.csv', resultsCsv(results));
  return { results, failures, report: await writeReport(folder.path) };
}
