import { expect, test } from 'vitest';
import { tallyReports, type VitestReport } from '../../../../scripts/ci/vitest-report.ts';

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

const runOf = (report: VitestReport | null, ended = true) => ({
  name: 'test',
  reports: [{ name: 'test, e2e', report }],
  ended,
});
const tally = (report: VitestReport | null, ended = true) => tallyReports([runOf(report, ended)], '/root');
const well = (...testResults: Report): VitestReport => ({ success: true, testResults });
const failed = (...testResults: Report): VitestReport => ({ success: false, testResults });
const skippedIn = (report: VitestReport) => tally(report).flatMap(({ skipped }) => skipped);

test('each project is counted by itself', () => {
  const report = well(
    fileOf('test/unit/a.test.ts', ['passed', 'passed']),
    fileOf('test/e2e/b.test.ts', ['passed']),
    fileOf('test/unit/deep/c.test.ts', ['passed', 'skipped']),
  );
  expect(tally(report)).toEqual([
    { name: 'unit', passed: 3, failures: [], skipped: ['SKIPPED unit: test 1 (test/unit/deep/c.test.ts)'] },
    { name: 'e2e', passed: 1, failures: [], skipped: [] },
  ]);
});

test('a test that failed is named with the first line of its error, and counts once', () => {
  const [unit] = tally(failed(fileOf('test/unit/a.test.ts', ['failed', 'passed'])), false);
  expect(unit).toMatchObject({ passed: 1, failures: [{ title: 'test 0', error: 'Error: no' }] });
});

test('a file that cannot be loaded counts as one failure', () => {
  const file = {
    name: '/root/test/e2e/a.test.ts',
    status: 'failed',
    message: 'no such module',
    assertionResults: [],
  };
  expect(tally(failed(file), false)).toEqual([
    {
      name: 'e2e',
      passed: 0,
      failures: [{ title: 'test/e2e/a.test.ts', error: 'no such module' }],
      skipped: [],
    },
  ]);
});

test.each([
  ['an error outside any test', failed(fileOf('test/unit/a.test.ts', ['passed'])), true, 'test, e2e'],
  ['an exit code other than 0', well(fileOf('test/unit/a.test.ts', ['passed'])), false, 'test'],
  ['no report', null, true, 'test, e2e'],
])('%s is a failure though no test failed', (_, report, ended, title) => {
  const tallies = tally(report, ended);
  expect(tallies.at(-1)).toMatchObject({ name: 'test', failures: [{ title }] });
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

test('what two processes ran of a project is added up, and the one that left no report is a failure of its own', () => {
  const passed = { name: 'test, e2e', report: well(fileOf('test/contract/a.test.ts', ['passed', 'passed'])) };
  const other = {
    name: 'test, others',
    report: failed(fileOf('test/contract/a.test.ts', ['passed', 'failed'])),
  };
  const crashed = { name: 'test-rest, others', report: null };
  const runs = [
    { name: 'test', reports: [passed, other], ended: false },
    { name: 'test-rest', reports: [crashed], ended: false },
  ];
  expect(tallyReports(runs, '/root')).toMatchObject([
    { name: 'contract', passed: 3, failures: [{ title: 'test 1' }] },
    { name: 'test-rest', passed: 0, failures: [{ title: 'test-rest, others' }] },
  ]);
});
