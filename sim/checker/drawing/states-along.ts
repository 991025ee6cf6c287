/** The contents of the register after each step of a linearization, in words. */
import type { Action, Operation, Scalar } from '../history/operation.ts';
import { describeValue } from '../history/operation-text.ts';

export function statesAlong(operations: readonly Operation[], order: readonly number[]): string[] {
  let value: Scalar = null;
  return order.map((index) => {
    const { action, outcome } = operations[index]!;
    if (outcome.kind !== 'mismatch') value = valueAfter(value, action);
    return describeValue(value);
  });
}

function valueAfter(value: Scalar, action: Action): Scalar {
  switch (action.kind) {
    case 'get':
      return value;
    case 'delete':
      return null;
    case 'append':
      return `${value ?? ''}${action.value}`;
    case 'put':
    case 'cas':
      return action.value;
  }
}
