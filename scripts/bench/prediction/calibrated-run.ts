/** Fits the capacity model on some cells of a benchmark's run and compares predicted with measured for all of them. */
import { UsageError } from '../../../cluster/errors.ts';
import { calibrate } from '../../../sim/capacity/calibrate.ts';
import { predictCells, type PredictedTest } from '../../../sim/capacity/predict-plan.ts';
import type { Profile } from '../../../sim/capacity/profile.ts';
import type { Run } from '../records/read-run.ts';
import type { CellResult } from '../records/run-data.ts';
import { plannedCells } from './planned-cells.ts';

/** The error that a prediction may have, as a share of the measured value. */
export const toleranceShare = 0.2;

export interface ComparedCell {
  test: string;
  /** Its measurements went into the fit. */
  isFitted: boolean;
  /** Mean over the repeats. */
  measured: { requestsPerSecond: number; meanMs: number };
  predicted: PredictedTest;
  /** Predicted over measured, less 1. */
  error: { requestsPerSecond: number; meanMs: number };
  limit: CellResult['limit'];
}

export interface CalibratedRun {
  profile: Profile;
  cells: ComparedCell[];
}

/** @throws UsageError for a test that the run has not measured, and for a run without an environment. */
export async function calibrateRun(run: Run, fittedTests: readonly string[]): Promise<CalibratedRun> {
  const { environment } = run;
  if (environment === null) throw new UsageError(`${run.folder} has no environment.json`);
  if (fittedTests.length === 0) throw new UsageError(`${run.folder} has no result to calibrate on`);
  for (const test of fittedTests) {
    if (!run.cells.some((cell) => cell.test === test))
      throw new UsageError(`${run.folder} has no result of ${test}; it has ${testsOf(run).join(', ')}`);
  }
  const planned = plannedCells(run.plan, { name: 'calibrated' });
  const cellOfTest = (test: string) => planned.find((cell) => cell.test === test)!;
  const fitted = run.cells
    .filter(({ test }) => fittedTests.includes(test))
    .map((result) => ({ ...result, cell: cellOfTest(result.test) }));
  const profile = await calibrate(fitted, { cores: environment.cores });
  const predicted = await predictCells(testsOf(run).map(cellOfTest), profile);
  return { profile, cells: predicted.map((prediction) => compareCell(run, prediction, fittedTests)) };
}

/** Every test that has a result, in the plan's order. */
function testsOf(run: Run): string[] {
  return [...new Set(run.cells.map(({ test }) => test))];
}

function compareCell(run: Run, predicted: PredictedTest, fittedTests: readonly string[]): ComparedCell {
  const results = run.cells.filter(({ test }) => test === predicted.test);
  const mean = (of: (cell: CellResult) => number) =>
    results.reduce((sum, cell) => sum + of(cell), 0) / results.length;
  const measured = {
    requestsPerSecond: mean(({ peak }) => peak.requestsPerSecond),
    meanMs: mean(({ peak }) => peak.latency.meanMs),
  };
  return {
    test: predicted.test,
    isFitted: fittedTests.includes(predicted.test),
    measured,
    predicted,
    error: {
      requestsPerSecond: predicted.requestsPerSecond / measured.requestsPerSecond - 1,
      meanMs: predicted.latency.meanMs / measured.meanMs - 1,
    },
    limit: results[0]!.limit,
  };
}
