/**
 * `make ci`: every check and every test project, each run to its end whatever the others did. The end names every test
 * that was skipped, and every one that failed with the first line of its error; the last line says how many passed and how
 * many failed; a check counts as one. Exit code 1 when anything failed. The tests of kind run where VASE_CI_KIND has the
 * settings that they take, such as "VASE_NODE_IMAGE=kindest/node:v1.35.0" (`.ci/run` sets it); else a line says that they
 * were skipped.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { obtainEtcd } from '../cluster/etcd/etcd-binary.ts';
import { etcdRelease } from '../cluster/etcd/etcd-release.ts';
import { etcdSearch } from '../cluster/providers/local/local-context.ts';
import { runCommand } from '../cluster/run-command.ts';
import { describeSkipped, type VitestReport } from './ci/vitest-report.ts';
import { binaries, checkout } from './command-context.ts';

const checks = ['lint', 'format', 'typecheck', 'boundaries', 'dead-code'];
const projects = ['unit', 'property', 'contract', 'e2e'];
/** A download of 20 MB over a slow line. */
const etcdTimeoutMs = 600_000;
/**
 * The scenarios that CI draws are always the same, so that it judges the change and not its luck; new ones are drawn by
 * `make test-properties` and `make sim`. SEED changes them.
 */
const seed = process.env['SEED'] ?? '20261122';
const reports = join(checkout, 'node_modules', '.cache', 'vase-ci');

interface Tally {
  name: string;
  passed: number;
  failed: number;
  /** Title of each test that failed, and the first line of its error. */
  failures: { title: string; error: string }[];
  /** A line for each test that was not run, or for several of one file. */
  skipped: string[];
}

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

async function runCheck(name: string): Promise<Tally> {
  console.log(`\n== ${name}`);
  const passed = await succeeds('make', ['--no-print-directory', name]);
  const failures = passed ? [] : [{ title: `make ${name}`, error: 'see its output above' }];
  return { name, passed: passed ? 1 : 0, failed: passed ? 0 : 1, failures, skipped: [] };
}

async function runProject(name: string, extraEnvironment: Record<string, string>): Promise<Tally> {
  console.log(`\n== tests: ${name}`);
  const report = join(reports, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ended = await succeeds('vitest', ['run', '--project', name, ...reporters], extraEnvironment);
  const read = readReport(report);
  const { numPassedTests: passed, numFailedTests: failed, success } = read;
  // A file that cannot be loaded, or an error outside any test, fails the run without failing a test.
  const wholeRun = (!ended || !success) && failed === 0 ? 1 : 0;
  const failures = failuresIn(read, name, wholeRun);
  return {
    name,
    passed,
    failed: failed + wholeRun,
    failures,
    skipped: describeSkipped(read, name, checkout),
  };
}

function failuresIn(
  { testResults = [] }: VitestReport,
  project: string,
  wholeRun: number,
): Tally['failures'] {
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => ({ title: test.fullName, error: firstLine(test.failureMessages?.[0]) }));
    const isWhole = status === 'failed' && failed.length === 0;
    return isWhole ? [{ title: relative(checkout, name), error: firstLine(message) }] : failed;
  });
  if (wholeRun === 1 && failures.length === 0)
    failures.push({ title: `tests: ${project}`, error: 'an error outside any test; see the output above' });
  return failures;
}

function firstLine(text: string | undefined): string {
  return (
    stripVTControlCharacters(text ?? '')
      .trimStart()
      .split('\n')[0]!
      .slice(0, 500) || 'no message'
  );
}

function readReport(path: string): VitestReport {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
  } catch {
    return { success: false, numPassedTests: 0, numFailedTests: 0 };
  }
}

/** Tests run the etcd that Vase runs. Its folder comes last in PATH, because it may hold another node. */
async function environmentWithEtcd(): Promise<Record<string, string>> {
  const search = etcdSearch({ environment: process.env, binaries });
  const signal = AbortSignal.timeout(etcdTimeoutMs);
  const { path } = await obtainEtcd(search, { release: etcdRelease, signal });
  return { PATH: [search.searchPath, dirname(path)].join(delimiter) };
}

/** "A=1 B=2". */
function settingsIn(text: string): Record<string, string> {
  const pairs = text.split(/\s+/).filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
}

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const tallies: Tally[] = [];
for (const check of checks) tallies.push(await runCheck(check));
const withEtcd = await environmentWithEtcd();
const settings = { SEED: seed, ...withEtcd };
for (const project of projects) tallies.push(await runProject(project, settings));

const forKind = process.env['VASE_CI_KIND'];
if (forKind) tallies.push(await runProject('kind', { ...withEtcd, ...settingsIn(forKind) }));

console.log('');
for (const { skipped } of tallies) for (const line of skipped) console.log(line);
for (const { name, failures } of tallies)
  for (const { title, error } of failures) console.log(`FAILED ${name}: ${title}\n       ${error}`);
if (!forKind) console.log('kind: skipped, not counted: no settings for it (VASE_CI_KIND)');
for (const { name, passed, failed } of tallies) console.log(`${name}: ${passed} passed, ${failed} failed`);
const total = (field: 'passed' | 'failed') => tallies.reduce((sum, tally) => sum + tally[field], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
if (total('failed') > 0) process.exitCode = 1;
