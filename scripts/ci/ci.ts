/**
 * `make ci`: every check and every test, each run to its end even when others fail. The end names every test that was
 * skipped, and every one that failed with the first line of its error; the last line says how many passed and how many
 * failed; a check counts as one. Exit code 1 when anything failed. Its arguments are goals that were run before and their
 * exit codes, "up=0 test=1": they are counted and not run again (`.ci/run`); after `test` it runs the tests that `test`
 * left. The tests of kind run when VASE_CI_KIND has the settings that they take, such as
 * "VASE_NODE_IMAGE=kindest/node:v1.35.0"; else a line says that they were skipped.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../cluster/host/run-command.ts';
import { describeTallies, parseRan, type Tally, tallyCommand } from './tally.ts';
import { reportOf, reportsFolder } from './test-reports.ts';
import { laneNames, type TestSet } from './test-sets.ts';
import { readReport, type RunOfTests, tallyReports } from './vitest-report.ts';
import { checkout } from '../context/places.ts';

const checks = ['lint', 'format', 'typecheck', 'boundaries', 'dead-code'];
const kindReport = join(reportsFolder, 'kind.json');

async function succeeds(
  command: string,
  args: readonly string[],
  extraEnvironment: Record<string, string> = {},
): Promise<boolean> {
  try {
    await runCommand(command, args, { cwd: checkout, shown: true, extraEnvironment });
    return true;
  } catch {
    // Its output has been shown; only the failure counts here.
    return false;
  }
}

async function make(goal: string): Promise<boolean> {
  console.log(`\n== make ${goal}`);
  return succeeds('make', ['--no-print-directory', goal]);
}

/** The run of tests from the reports that `make test` or a similar goal has left. */
function runOf(goal: string, set: TestSet, ended: boolean): RunOfTests {
  const reports = laneNames.map((lane) => ({
    name: `${goal}, ${lane}`,
    report: readReport(reportOf(set, lane)),
  }));
  return { name: goal, reports, ended };
}

async function runTests(before: boolean | undefined): Promise<RunOfTests[]> {
  if (before === undefined) return [runOf('test-all', 'all', await make('test-all'))];
  return [runOf('test', 'quick', before), runOf('test-rest', 'rest', await make('test-rest'))];
}

async function runKind(settings: string): Promise<RunOfTests> {
  console.log('\n== tests: kind');
  rmSync(kindReport, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${kindReport}`];
  const ended = await succeeds('vitest', ['run', '--project', 'kind', ...reporters], settingsIn(settings));
  return { name: 'kind', reports: [{ name: 'kind', report: readReport(kindReport) }], ended };
}

/** "A=1 B=2". */
function settingsIn(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

const ran = parseRan(process.argv.slice(2).join(' '));
const tallies: Tally[] = [];
for (const [goal, ended] of ran) if (goal !== 'test') tallies.push(tallyCommand(goal, ended));
for (const check of checks) tallies.push(tallyCommand(check, await make(check)));
const runs = await runTests(ran.get('test'));
const forKind = process.env['VASE_CI_KIND'];
if (forKind) runs.push(await runKind(forKind));
tallies.push(...tallyReports(runs, checkout));

console.log('');
if (!forKind) console.log('kind: skipped, not counted: no settings for it (VASE_CI_KIND)');
for (const line of describeTallies(tallies)) console.log(line);
if (tallies.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
