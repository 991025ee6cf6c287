import { expect, test } from 'vitest';
import { checkHistory } from '../../../../sim/checker/check-history.ts';
import type { Action, Operation, Outcome } from '../../../../sim/checker/history/operation.ts';

const at = (
  invoked: number,
  returned: number,
  action: Action,
  outcome: Outcome = { kind: 'ok' },
): Operation => ({
  process: invoked,
  key: 'k',
  action,
  outcome,
  invoked,
  returned,
});
const put = (value: number): Action => ({ kind: 'put', value });

test('of two writes that nobody reads, the later one is tried although the earlier one is idle', () => {
  // 103, 104, 98, get 98, 106, delete: found by a soak of the simulator, shrunk against a plain search.
  const operations = [
    at(272, 299, put(98)),
    at(292, 300, put(103)),
    at(294, 303, put(104)),
    at(302, 305, put(106)),
    at(304, 317, { kind: 'get' }, { kind: 'ok', value: 98 }),
    at(320, 321, { kind: 'delete' }, { kind: 'ok', removed: true }),
  ];
  expect(checkHistory(operations).kind).toBe('ok');
});
