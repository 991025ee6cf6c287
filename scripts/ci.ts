/**
 * `make ci`: every check and every test project, each run to its end whatever the others did. The last line says how
 * many passed and how many failed; a check counts as one. Exit code 1 when anything failed.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { obtainEtcd } from '../cluster/etcd/etcd-binary.ts';
import { etcdRelease } from '../cluster/etcd/etcd-release.ts';
import { etcdSearch } from '../cluster/providers/local/local-context.ts';
import { runCommand } from '../cluster/run-command.ts';
import { binaries, checkout } from './command-context.ts';

const checks = ['lint', 'format', 'typecheck', 'boundaries', 'dead-code'];
const projects = ['unit', 'property', 'contract', 'e2e'];
/** A download of 20 MB over a slow line. */
const etcdTimeoutMs = 600_000;
const reports = join(checkout, 'node_modules', '.cache', 'vase-ci');

interface Tally {
  name: string;
  passed: number;
  failed: number;
}

/** What of vitest's JSON report is counted. */
interface VitestReport {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
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
  return { name, passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
}

async function runProject(name: string, extraEnvironment: Record<string, string>): Promise<Tally> {
  console.log(`\n== tests: ${name}`);
  const report = join(reports, `${name}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const ended = await succeeds('vitest', ['run', '--project', name, ...reporters], extraEnvironment);
  const { numPassedTests: passed, numFailedTests: failed, success } = readReport(report);
  // A file that cannot be loaded, or an error outside any test, fails the run without failing a test.
  const wholeRun = (!ended || !success) && failed === 0 ? 1 : 0;
  return { name, passed, failed: failed + wholeRun };
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

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const tallies: Tally[] = [];
for (const check of checks) tallies.push(await runCheck(check));
const withEtcd = await environmentWithEtcd();
for (const project of projects) tallies.push(await runProject(project, withEtcd));

console.log('');
for (const { name, passed, failed } of tallies) console.log(`${name}: ${passed} passed, ${failed} failed`);
const total = (field: 'passed' | 'failed') => tallies.reduce((sum, tally) => sum + tally[field], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
if (total('failed') > 0) process.exitCode = 1;
