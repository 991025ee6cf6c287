/** What `make ci` reads of vitest's JSON report, and what it tells of the tests that were not run. */
import { relative } from 'node:path';

export interface VitestReport {
  success: boolean;
  numPassedTests: number;
  numFailedTests: number;
  testResults?: {
    /** The file. */
    name: string;
    status: string;
    message?: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
}

/** Beyond it a file's tests are counted, not named. */
const namedMax = 5;

/** A line for each test that was skipped, or for each file with many of them. @param root what files are named from. */
export function describeSkipped({ testResults = [] }: VitestReport, project: string, root: string): string[] {
  return testResults.flatMap(({ name, assertionResults }) => {
    const skipped = assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed');
    const file = relative(root, name);
    if (skipped.length > namedMax) return [`SKIPPED ${project}: ${skipped.length} tests of ${file}`];
    return skipped.map(({ fullName }) => `SKIPPED ${project}: ${fullName} (${file})`);
  });
}
