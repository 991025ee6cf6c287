/** What `make ci` reads of vitest's JSON report: how many tests of each project passed, failed or were not run. */
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

/** Beyond it a file's skipped tests are counted, not named. */
const namedMax = 5;

/** Null when there is none, or only a part of one. */
export function readReport(path: string): VitestReport | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
  } catch {
    return null;
  }
}

/**
 * One tally for each project, which is the folder in test/. A run that failed has at least one failure: a file that
 * cannot be loaded counts as one, and so does an error outside any test, or the lack of a report.
 * @param run.name of the whole run, for what belongs to no test.
 * @param run.ended whether vitest exited with 0.
 * @param run.root what files are named from.
 */
export function tallyReport(
  report: VitestReport | null,
  run: { name: string; ended: boolean; root: string },
): Tally[] {
  const tallies = new Map<string, Tally>();
  for (const file of report?.testResults ?? []) {
    const path = relative(run.root, file.name);
    const name = path.split(sep)[1] ?? path;
    const tally = tallies.get(name) ?? { name, passed: 0, failures: [], skipped: [] };
    tallies.set(name, tally);
    tally.passed += file.assertionResults.filter(({ status }) => status === 'passed').length;
    tally.failures.push(...failuresIn(file, path));
    tally.skipped.push(...describeSkipped(file, path, name));
  }
  const all = [...tallies.values()];
  const failed = all.some(({ failures }) => failures.length > 0);
  const well = report !== null && report.success && run.ended;
  if (well || failed) return all;
  const error = report === null ? 'it left no report' : 'an error outside any test';
  const failures = [{ title: run.name, error: `${error}; see the output above` }];
  return [...all, { name: run.name, passed: 0, failures, skipped: [] }];
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

/** A line for each test that was skipped, or for all of a file with many of them. */
function describeSkipped(
  { assertionResults }: VitestReport['testResults'][number],
  path: string,
  project: string,
): string[] {
  const skipped = assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
  if (skipped.length > namedMax) return [`SKIPPED ${project}: ${skipped.length} tests of ${path}`];
  return skipped.map(({ fullName }) => `SKIPPED ${project}: ${fullName} (${path})`);
}
