import { expect, test } from 'vitest';
import { describeSkipped, type VitestReport } from '../../../../scripts/ci/vitest-report.ts';

const reportOf = (statuses: string[]): VitestReport => ({
  success: true,
  numPassedTests: 0,
  numFailedTests: 0,
  testResults: [
    {
      name: '/root/test/e2e/a.test.ts',
      status: 'passed',
      assertionResults: statuses.map((status, index) => ({ fullName: `test ${index}`, status })),
    },
  ],
});

test('tests that were skipped are named, whatever vitest calls it', () => {
  const report = reportOf(['passed', 'skipped', 'failed', 'pending', 'todo']);
  expect(describeSkipped(report, 'e2e', '/root')).toEqual([
    'SKIPPED e2e: test 1 (test/e2e/a.test.ts)',
    'SKIPPED e2e: test 3 (test/e2e/a.test.ts)',
    'SKIPPED e2e: test 4 (test/e2e/a.test.ts)',
  ]);
});

test('many of one file are counted', () => {
  const report = reportOf(Array.from({ length: 6 }, () => 'skipped'));
  expect(describeSkipped(report, 'e2e', '/root')).toEqual(['SKIPPED e2e: 6 tests of test/e2e/a.test.ts']);
});

test('where nothing was skipped, and where there is no report, nothing is said', () => {
  expect(describeSkipped(reportOf(['passed']), 'e2e', '/root')).toEqual([]);
  expect(describeSkipped({ success: false, numPassedTests: 0, numFailedTests: 0 }, 'e2e', '/root')).toEqual(
    [],
  );
});
