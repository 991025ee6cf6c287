import { expect, test } from 'vitest';
import { tallyReport, type VitestReport } from '../../../../scripts/ci/vitest-report.ts';

type Report = VitestReport['testResults'];

function fileOf(path: string, statuses: readonly string[]): Report[number] {
  const assertionResults = statuses.map((status, index) => ({
    fullName: `test ${index}`,
    status,
    ...(status === 'failed' ? { failureMessages: ['\u001B[31mError: no\u001B[39m\n    at a.ts'] } : {}),
  }));
  const status = statuses.includes('failed') ? 'failed' : 'passed';
  return { name: `/root/${path}`, status, assertionResults };
}

const run = { name: 'test', ended: true, root: '/root' };
const well = (...testResults: Report): VitestReport => ({ success: true, testResults });
const failed = (...testResults: Report): VitestReport => ({ success: false, testResults });
const skippedIn = (report: VitestReport) => tallyReport(report, run).flatMap(({ skipped }) => skipped);

test('each project is counted by itself', () => {
  const report = well(
    fileOf('test/unit/a.test.ts', ['passed', 'passed']),
    fileOf('test/e2e/b.test.ts', ['passed']),
    fileOf('test/unit/deep/c.test.ts', ['passed', 'skipped']),
  );
  expect(tallyReport(report, run)).toEqual([
    { name: 'unit', passed: 3, failures: [], skipped: ['SKIPPED unit: test 1 (test/unit/deep/c.test.ts)'] },
    { name: 'e2e', passed: 1, failures: [], skipped: [] },
  ]);
});

test('a test that failed is named with the first line of its error, and counts once', () => {
  const [tally] = tallyReport(failed(fileOf('test/unit/a.test.ts', ['failed', 'passed'])), {
    ...run,
    ended: false,
  });
  expect(tally).toMatchObject({ passed: 1, failures: [{ title: 'test 0', error: 'Error: no' }] });
});

test('a file that cannot be loaded counts as one failure', () => {
  const file = {
    name: '/root/test/e2e/a.test.ts',
    status: 'failed',
    message: 'no such module',
    assertionResults: [],
  };
  expect(tallyReport(failed(file), { ...run, ended: false })).toEqual([
    {
      name: 'e2e',
      passed: 0,
      failures: [{ title: 'test/e2e/a.test.ts', error: 'no such module' }],
      skipped: [],
    },
  ]);
});

test.each([
  ['an error outside any test', failed(fileOf('test/unit/a.test.ts', ['passed'])), true],
  ['an exit code other than 0', well(fileOf('test/unit/a.test.ts', ['passed'])), false],
  ['no report', null, true],
])('%s is a failure though no test failed', (_, report, ended) => {
  const tallies = tallyReport(report, { ...run, ended });
  expect(tallies.at(-1)).toMatchObject({ name: 'test', failures: [{ title: 'test' }] });
  expect(tallies.flatMap(({ failures }) => failures)).toHaveLength(1);
});

test('tests that were skipped are named, whatever vitest calls it', () => {
  const report = well(fileOf('test/e2e/a.test.ts', ['passed', 'skipped', 'failed', 'pending', 'todo']));
  expect(skippedIn(report)).toEqual([
    'SKIPPED e2e: test 1 (test/e2e/a.test.ts)',
    'SKIPPED e2e: test 3 (test/e2e/a.test.ts)',
    'SKIPPED e2e: test 4 (test/e2e/a.test.ts)',
  ]);
});

test('many of one file are counted', () => {
  const skipped = Array.from({ length: 6 }, () => 'skipped');
  expect(skippedIn(well(fileOf('test/e2e/a.test.ts', skipped)))).toEqual([
    'SKIPPED e2e: 6 tests of test/e2e/a.test.ts',
  ]);
});
