import { expect, test } from 'vitest';
import { describeTallies, parseRan, tallyCommand } from '../../../../scripts/ci/tally.ts';

test('the last line sums up all parts, and each failure is named', () => {
  const unit = {
    name: 'unit',
    passed: 5,
    failures: [{ title: 'adds', error: 'Error: 3 is not 4' }],
    skipped: ['SKIPPED unit: b'],
  };
  expect(describeTallies([tallyCommand('up', true), tallyCommand('lint', false), unit])).toEqual([
    'SKIPPED unit: b',
    'FAILED lint: make lint\n       see its output above',
    'FAILED unit: adds\n       Error: 3 is not 4',
    'up: 1 passed, 0 failed',
    'lint: 0 passed, 1 failed',
    'unit: 5 passed, 1 failed',
    '6 passed, 2 failed',
  ]);
});

test('goals that were run before come with their exit codes', () => {
  expect([...parseRan('up=0 test=2 nothing-left=1')]).toEqual([
    ['up', true],
    ['test', false],
    ['nothing-left', false],
  ]);
  expect([...parseRan('')]).toEqual([]);
  expect(() => parseRan('up')).toThrow('up is not a goal and its exit code');
});
