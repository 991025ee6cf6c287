/**
 * `make ci`: every check and every test, each run to its end whatever the others did. The end names every test that was
 * skipped, and every one that failed with the first line of its error; the last line says how many passed and how many
 * failed; a check counts as one. Exit code 1 when anything failed. Its arguments are goals that were run before and their
 * exit codes, "up=0 test=1": they are counted and not run again (`.ci/run`). The tests of kind run where VASE_CI_KIND has
 * the settings that they take, such as "VASE_NODE_IMAGE=kindest/node:v1.35.0"; else a line says that they were skipped.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../cluster/run-command.ts';
import { describeTallies, parseRan, type Tally, tallyCommand } from './ci/tally.ts';
import { readReport, tallyReport } from './ci/vitest-report.ts';
import { checkout } from './command-context.ts';

const checks = ['lint', 'format', 'typecheck', 'boundaries', 'dead-code'];
const cache = join(checkout, 'node_modules', '.cache');
/** `make test` writes it (Makefile: TEST_REPORT). */
const testReport = join(cache, 'vase-tests.json');
const kindReport = join(cache, 'vase-tests-kind.json');

async function succeeds(
  command: string,
  args: readonly string[],
  extraEnvironment: Record<string, string> = {},
): Promise<boolean> {
  try {
    await runCommand(command, args, { cwd: checkout, shown: true, extraEnvironment });
    return true;
  } catch {
    // What it printed has been seen; that it failed is what counts.
    return false;
  }
}

async function make(goal: string): Promise<boolean> {
  console.log(`\n== make ${goal}`);
  return succeeds('make', ['--no-print-directory', goal]);
}

async function runTests(): Promise<boolean> {
  rmSync(testReport, { force: true });
  return make('test');
}

async function runKind(settings: string): Promise<Tally[]> {
  console.log('\n== tests: kind');
  rmSync(kindReport, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${kindReport}`];
  const ended = await succeeds('vitest', ['run', '--project', 'kind', ...reporters], settingsIn(settings));
  return tallyReport(readReport(kindReport), { name: 'kind', ended, root: checkout });
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
const ended = ran.get('test') ?? (await runTests());
tallies.push(...tallyReport(readReport(testReport), { name: 'test', ended, root: checkout }));
const forKind = process.env['VASE_CI_KIND'];
if (forKind) tallies.push(...(await runKind(forKind)));

console.log('');
if (!forKind) console.log('kind: skipped, not counted: no settings for it (VASE_CI_KIND)');
for (const line of describeTallies(tallies)) console.log(line);
if (tallies.some(({ failures }) => failures.length > 0)) process.exitCode = 1;
