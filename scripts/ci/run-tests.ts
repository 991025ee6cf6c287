/**
 * `make test`, `make test-all` and, in CI, what the first left to the second: the tests with clusters, one file at a time,
 * and beside them, at a lower priority, the other tests, which use the processor time that is left, and all of it once the
 * tests with clusters have ended. Exit code 1 when either fails. Its argument is the set (test-sets.ts).
 */
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { checkout } from '../context/places.ts';
import { type Lane, runLanes } from './lanes.ts';
import { testFiles } from './test-files.ts';
import { reportOf, reportsFolder } from './test-reports.ts';
import {
  describeRest,
  isIn,
  isTestSet,
  type LaneName,
  laneNames,
  laneOf,
  type TestSet,
} from './test-sets.ts';

/** The niceness of the lane that gives way: it gets a tenth of a core when the other lane wants all. */
const niceness = '10';

function laneFor(set: TestSet, name: LaneName, files: readonly string[]): Lane {
  const report = reportOf(set, name);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const mine = files.filter((file) => isIn(set, file) && laneOf(file) === name);
  const vitest = ['vitest', 'run', ...reporters, ...mine];
  if (name === 'clusters') return { name, command: vitest };
  const options = [`--maxWorkers=${availableParallelism()}`];
  // A file that is split by releases of etcd has no tests when there is one release.
  if (set === 'rest') options.push('--passWithNoTests');
  return { name, command: ['nice', '-n', niceness, ...vitest, ...options] };
}

const [set] = process.argv.slice(2);
if (!isTestSet(set)) throw new Error(`${set} is no set of tests: quick, rest or all`);
const files = testFiles(checkout);
mkdirSync(reportsFolder, { recursive: true });
const startedMs = performance.now();
const { failed, interrupted } = await runLanes(
  laneNames.map((name) => laneFor(set, name, files)),
  {
    environment: {
      ...process.env,
      ...(set === 'all' ? {} : { VASE_TEST_SET: set }),
      ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}),
    },
    show: console.log,
  },
);
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
if (failed.length > 0) process.exitCode = 1;
if (interrupted) console.log('Interrupted.');
else {
  const outcome = failed.length === 0 ? 'All passed' : `FAILED: ${failed.join(' and ')}`;
  console.log(`\n${outcome}, in ${minutes} minutes.`);
  if (set === 'quick') for (const line of describeRest(files)) console.log(line);
}
