/**
 * The deliberately dumb twin of the checker, for the properties that compare the two: tries every subset of the open
 * operations and every order of the rest, and shares no idea and no code with the real one.
 */
import { limits } from './history/limits.ts';
import type { Operation, Scalar } from './history/operation.ts';

interface Register {
  value: Scalar;
  version: number;
  exact: boolean;
}

/** Whether the history of one key is linearizable. At most `limits.bruteForceOperationsMax` operations. */
export function isLinearizableByBruteForce(operations: readonly Operation[]): boolean {
  if (operations.length > limits.bruteForceOperationsMax)
    throw new Error('too many operations for brute force');
  const judged = operations.filter(({ outcome }) => outcome.kind !== 'fail');
  const open = judged.filter(({ outcome }) => outcome.kind === 'open');
  const closed = judged.filter(({ outcome }) => outcome.kind !== 'open');
  return subsetsOf(open).some((chosen) => ordersOf([...closed, ...chosen]).some(isLinearizationByReplay));
}

function subsetsOf(operations: readonly Operation[]): Operation[][] {
  let subsets: Operation[][] = [[]];
  for (const operation of operations) subsets = subsets.flatMap((subset) => [subset, [...subset, operation]]);
  return subsets;
}

function ordersOf(operations: readonly Operation[]): Operation[][] {
  if (operations.length === 0) return [[]];
  return operations.flatMap((first, index) =>
    ordersOf(operations.toSpliced(index, 1)).map((rest) => [first, ...rest]),
  );
}

/** Whether this order keeps real time and every outcome in it is what the register gives. */
export function isLinearizationByReplay(order: readonly Operation[]): boolean {
  for (let later = 1; later < order.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      if (isBefore(order[later]!, order[earlier]!)) return false;
    }
  }
  const register = { value: null, version: 0, exact: true };
  return order.every((operation) => apply(register, operation));
}

function isBefore(one: Operation, other: Operation): boolean {
  return one.outcome.kind !== 'open' && one.returned < other.invoked;
}

/** Applies the operation to the register; false where it cannot have had this outcome there. */
function apply(register: Register, { action, outcome }: Operation): boolean {
  const version = outcome.kind === 'ok' ? outcome.version : undefined;
  switch (action.kind) {
    case 'get':
      return outcome.kind !== 'ok' || (register.value === outcome.value && see(register, version));
    case 'put':
      return write(register, action.value, version);
    case 'append':
      return write(register, `${register.value ?? ''}${action.value}`, version);
    case 'cas':
      if (outcome.kind === 'mismatch') return register.value !== action.expected;
      return register.value === action.expected && write(register, action.value, version);
    case 'delete': {
      const missing = register.value === null;
      if (outcome.kind === 'ok' && outcome.removed === false) return missing && see(register, version);
      const removed = outcome.kind === 'ok' && (outcome.removed === true || version !== undefined);
      if (missing) return !removed;
      return write(register, null, version);
    }
  }
}

function write(register: Register, value: Scalar, version: number | undefined): boolean {
  if (version !== undefined && version <= register.version) return false;
  register.value = value;
  register.version = version ?? register.version + 1;
  register.exact = version !== undefined;
  return true;
}

function see(register: Register, version: number | undefined): boolean {
  if (version === undefined) return true;
  if (version < register.version) return false;
  if (register.value !== null && register.exact && version !== register.version) return false;
  register.version = version;
  register.exact = true;
  return true;
}
