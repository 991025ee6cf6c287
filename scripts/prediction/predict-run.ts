/** Leaves in a run's folder what the report draws beside the measurements: the calibrated model's figures, and GKE's. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../cluster/errors.ts';
import type { PredictedTest } from '../../sim/capacity/predict-plan.ts';
import { profiles } from '../../sim/capacity/profile.ts';
import type { PredictedCell } from '../bench/report/prediction-data.ts';
import type { Run } from '../bench/report/read-run.ts';
import { type CalibratedRun, calibrateRun } from './calibrated-run.ts';
import { predictPlan } from './planned-cells.ts';

/**
 * Writes predictions.json: every measured test by the model fitted on `fittedTests`, and every test of the plan by the
 * profile gke-pd-ssd.
 * @throws UsageError when the run has not measured one of the tests.
 */
export async function predictRun(run: Run, fittedTests: readonly string[]): Promise<CalibratedRun> {
  const calibrated = await calibrateRun(run, fittedTests);
  const elsewhere = await predictPlan(run.plan, profiles['gke-pd-ssd']);
  const predicted = [...calibrated.cells.map((cell) => cell.predicted), ...elsewhere].map(asPredictedCell);
  await writeFile(join(run.folder, 'predictions.json'), `${JSON.stringify(predicted, null, 2)}\n`);
  return calibrated;
}

/**
 * Two tests to fit on when nobody names any: the first and the last that were measured and that the load generator did
 * not limit. They lie farthest apart in most plans.
 */
export function testsToFit({ folder, cells }: Pick<Run, 'folder' | 'cells'>): string[] {
  const tests = [...new Set(cells.filter(({ limit }) => limit !== 'generator').map(({ test }) => test))];
  const [first] = tests;
  if (first === undefined) throw new UsageError(`${folder} has no result to calibrate on`);
  return [...new Set([first, tests.at(-1)!])];
}

function asPredictedCell({ test, profile, requestsPerSecond, latency }: PredictedTest): PredictedCell {
  const { medianMs, meanMs, p95Ms } = latency;
  return { test, requestsPerSecond, medianMs, meanMs, p95Ms, profile };
}
