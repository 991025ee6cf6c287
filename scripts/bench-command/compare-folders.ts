/** The output of `vase bench compare` for the runs in these folders: two are compared, more are shown beside each other. */
import { UsageError } from '../../cluster/errors.ts';
import { readRun, type Run } from '../bench/records/read-run.ts';
import { compareRuns, defaultCompareOptions } from '../bench/analysis/compare-runs.ts';
import { describeComparison, describeSpread } from './describe.ts';
import { spreadRuns } from '../bench/analysis/spread-runs.ts';

/** The command's output, as text and as JSON, and its exit code. Throws UsageError on a folder that is no run. */
export async function compareFolders(
  folders: readonly string[],
  threshold: number,
): Promise<{ text: string; data: object; exitCode: 0 | 1 }> {
  const runs = await Promise.all(folders.map(readRun));
  const [first, second, ...more] = runs;
  if (first === undefined || second === undefined) throw new UsageError('Comparing takes two runs or more.');
  if (more.length > 0) return showSpread([first, second, ...more]);
  const comparison = compareRuns(first, second, { ...defaultCompareOptions, threshold });
  const good = comparison.regressions.length === 0 && comparison.cells.length > 0;
  return { text: describeComparison(comparison), data: comparison, exitCode: good ? 0 : 1 };
}

function showSpread(runs: readonly [Run, ...Run[]]): { text: string; data: object; exitCode: 0 | 1 } {
  const spread = spreadRuns(runs);
  return { text: describeSpread(spread), data: spread, exitCode: spread.conclusionsHold ? 0 : 1 };
}
