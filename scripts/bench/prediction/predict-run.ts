/** Writes the figures that the report draws beside the measurements into a run's folder: the calibrated model's, and GKE's. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PredictedTest } from '../../../sim/capacity/predict-plan.ts';
import { profiles } from '../../../sim/capacity/profile.ts';
import { limitsOf } from '../records/cell-topology.ts';
import type { PredictedCell } from '../records/prediction-data.ts';
import type { Run } from '../records/read-run.ts';
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
 * The tests to fit on when the user names none, of those that answered and that the load generator did not limit: the
 * first measured test of each workload under each set of limits, and the last, too, of the set with most tests. They lie
 * farthest apart in most plans. All others are predicted, also a workload that only one test has. Empty when nothing was
 * measured.
 */
export function testsToFit({ plan, cells }: Pick<Run, 'plan' | 'cells'>): string[] {
  const kinds = new Map<string, Set<string>>();
  for (const { test, cell, limit, peak } of cells) {
    if (limit === 'generator' || peak.requestsPerSecond === 0) continue;
    const kind = JSON.stringify([cell.workload, limitsOf(plan, cell)]);
    kinds.set(kind, (kinds.get(kind) ?? new Set()).add(test));
  }
  const groups = [...kinds.values()].map((tests) => [...tests]).toSorted((a, b) => b.length - a.length);
  const [largest] = groups;
  if (largest === undefined) return [];
  const first = groups.filter(({ length }) => length > 1 || length === largest.length).map(([test]) => test!);
  return [...new Set([...first, largest.at(-1)!])];
}

function asPredictedCell({ test, profile, requestsPerSecond, latency }: PredictedTest): PredictedCell {
  const { medianMs, meanMs, p95Ms } = latency;
  return { test, requestsPerSecond, medianMs, meanMs, p95Ms, profile };
}
