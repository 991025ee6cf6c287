/** Short ways to write histories down in tests. */
import type { Action, Operation, Outcome, Scalar } from '../../../../sim/checker/history/operation.ts';
import { HistoryReader, type History } from '../../../../sim/checker/history/history-reader.ts';

export const ok: Outcome = { kind: 'ok' };
export const open: Outcome = { kind: 'open' };
export const mismatch: Outcome = { kind: 'mismatch' };
export const found = (value: Scalar, version?: number): Outcome => ({
  kind: 'ok',
  value,
  ...(version === undefined ? {} : { version }),
});
export const made = (version: number): Outcome => ({ kind: 'ok', version });

export const get: Action = { kind: 'get' };
export const put = (value: Scalar): Action => ({ kind: 'put', value });
export const cas = (expected: Scalar, value: Scalar): Action => ({ kind: 'cas', expected, value });
export const append = (value: string): Action => ({ kind: 'append', value });
export const remove: Action = { kind: 'delete' };

/** An operation of key "x" between two moments. */
export function operation(
  action: Action,
  outcome: Outcome,
  [invoked, returned]: [number, number],
): Operation {
  return { process: invoked, key: 'x', action, outcome, invoked, returned };
}

/** Operations one after another. */
export function sequence(...steps: [Action, Outcome][]): Operation[] {
  return steps.map(([action, outcome], index) => operation(action, outcome, [2 * index, 2 * index + 1]));
}

export function readLines(lines: readonly (object | string)[]): History {
  const reader = new HistoryReader();
  for (const line of lines) reader.readLine(typeof line === 'string' ? line : JSON.stringify(line));
  return reader.finish();
}
