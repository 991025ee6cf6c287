/** Reads vitest's JSON report for `make ci`: how many tests of each project passed, failed or were not run. */
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { Tally } from './tally.ts';

export interface VitestReport {
  success: boolean;
  testResults: {
    /** The file. */
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
}

const outsideAnyTest = 'an error outside any test; see the output above';
/** When a file has more skipped tests, they are counted, not named. */
const namedMax = 5;

/** Null when there is no report, or only a part of one. */
export function readReport(path: string): VitestReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
  } catch {
    return null;
  }
}

/** The tests of one command: one or more processes of vitest. */
export interface RunOfTests {
  /** The name for errors that belong to no test. */
  name: string;
  /** The report of each process; null when it left none, or only a part of one. */
  reports: readonly { name: string; report: VitestReport | null }[];
  /** Whether the command exited with 0. */
  ended: boolean;
}

/**
 * One tally for each project, which is the folder in test/, over all runs. A run that failed has at least one failure: a
 * file that cannot be loaded counts as one, and so does an error outside any test; each process without a report is one.
 * @param root the folder that file names are relative to.
 */
export function tallyReports(runs: readonly RunOfTests[], root: string): Tally[] {
  const tallies = new Map<string, Tally>();
  const tallyOf = (name: string): Tally => {
    const tally = tallies.get(name) ?? { name, passed: 0, failures: [], skipped: [] };
    tallies.set(name, tally);
    return tally;
  };
  const outside: Tally[] = [];
  for (const { name, reports, ended } of runs) {
    const failures: Tally['failures'] = [];
    let failedTests = 0;
    for (const { name: title, report } of reports) {
      const failed = report === null ? 0 : addReport(report, root, tallyOf);
      failedTests += failed;
      if (report === null) failures.push({ title, error: 'it left no report; see the output above' });
      else if (!report.success && failed === 0) failures.push({ title, error: outsideAnyTest });
    }
    if (!ended && failedTests + failures.length === 0) failures.push({ title: name, error: outsideAnyTest });
    if (failures.length > 0) outside.push({ name, passed: 0, failures, skipped: [] });
  }
  return [...tallies.values(), ...outside];
}

/** @returns how many failed. */
function addReport(report: VitestReport, root: string, tallyOf: (project: string) => Tally): number {
  let failed = 0;
  for (const file of report.testResults) {
    const path = relative(root, file.name);
    const tally = tallyOf(path.split(sep)[1] ?? path);
    const failures = failuresIn(file, path);
    failed += failures.length;
    tally.passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    tally.failures.push(...failures);
    tally.skipped.push(...describeSkipped(file, path, tally.name));
  }
  return failed;
}

function failuresIn(file: VitestReport['testResults'][number], path: string): Tally['failures'] {
  const failures = file.assertionResults
    .filter(({ status }) => status === 'failed')
    .map((test) => ({ title: test.fullName, error: firstLine(test.failureMessages?.[0]) }));
  const isWhole = file.status === 'failed' && failures.length === 0;
  return isWhole ? [{ title: path, error: firstLine(file.message) }] : failures;
}

function firstLine(text: string | undefined): string {
  const line = stripVTControlCharacters(text ?? '')
    .trimStart()
    .split('\n')[0]!;
  return line.slice(0, 500) || 'no message';
}

/** A line for each skipped test, or one for all of a file with many of them. */
function describeSkipped(
  { assertionResults }: VitestReport['testResults'][number],
  path: string,
  project: string,
): string[] {
  const skipped = assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
  if (skipped.length > namedMax) return [`SKIPPED ${project}: ${skipped.length} tests of ${path}`];
  return skipped.map(({ fullName }) => `SKIPPED ${project}: ${fullName} (${path})`);
}
