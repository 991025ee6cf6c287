/**
 * The operations of one key as columns of numbers, on which both paths of the checker work. Failed operations and open reads
 * are left out, because they say nothing.
 */
import type { Operation, Scalar } from './operation.ts';
import { MISSING, ValueTable } from './value-table.ts';

/** What an operation does to the register, seen as a transition that is possible in some states. */
export const kinds = {
  /** Possible where the state is `value`; changes nothing. */
  read: 0,
  /** Possible where the state is not `value`; changes nothing. A cas that found another value. */
  differ: 1,
  /** Always possible: the state becomes `value`. */
  write: 2,
  /** Always possible: the state becomes missing; where it is missing already, no version is used. */
  erase: 3,
  /** Possible where the state is not missing: the state becomes missing. */
  remove: 4,
  /** Possible where the state is `value`: it becomes `replacement`. */
  swap: 5,
  /** Always possible: the state is joined with the suffix `value`. */
  append: 6,
} as const;

export const NO_VERSION = -1;

export interface KeyHistory {
  readonly count: number;
  readonly kind: Uint8Array;
  readonly value: Int32Array;
  readonly replacement: Int32Array;
  readonly invoked: Float64Array;
  /** Infinity for an open operation. */
  readonly returned: Float64Array;
  /** NO_VERSION where none is known. */
  readonly version: Float64Array;
  /** Index into the operations that the history was made of. */
  readonly source: Int32Array;
  readonly values: ValueTable;
}

/** Possible in every state, and leaves the same one. */
export const isBlind = (kind: number): boolean => kind === kinds.write || kind === kinds.erase;

export const observes = (kind: number): boolean => kind <= kinds.differ;

/** @param members indexes into `operations` of the operations of one key. */
export function compileKey(operations: readonly Operation[], members: readonly number[]): KeyHistory {
  const judged = members.filter((member) => saysSomething(operations[member]!));
  const values = tableOfValues(operations, judged);
  const count = judged.length;
  const history = {
    count,
    kind: new Uint8Array(count),
    value: new Int32Array(count),
    replacement: new Int32Array(count),
    invoked: new Float64Array(count),
    returned: new Float64Array(count),
    version: new Float64Array(count).fill(NO_VERSION),
    source: Int32Array.from(judged),
    values,
  };
  for (let index = 0; index < count; index++) fillRow(history, index, operations[judged[index]!]!);
  return history;
}

function saysSomething({ action, outcome, invoked, returned }: Operation): boolean {
  if (outcome.kind === 'fail') return false;
  if (outcome.kind === 'open') return action.kind !== 'get';
  if (outcome.kind === 'mismatch' && action.kind !== 'cas')
    throw new Error('only a cas can end in a mismatch');
  if (!(returned >= invoked)) throw new Error('an operation returned before it was invoked');
  return true;
}

function tableOfValues(operations: readonly Operation[], judged: readonly number[]): ValueTable {
  const values = new ValueTable();
  let appends = false;
  for (const member of judged) {
    const { action, outcome } = operations[member]!;
    if (action.kind === 'get') values.mention(valueRead(outcome));
    if (action.kind === 'cas') values.mention(action.expected);
    appends ||= action.kind === 'append';
  }
  values.seal(appends);
  return values;
}

function valueRead(outcome: Operation['outcome']): Scalar {
  if (outcome.kind !== 'ok' || outcome.value === undefined)
    throw new Error('a get that is ok carries a value');
  return outcome.value;
}

type Columns = { -readonly [name in keyof KeyHistory]: KeyHistory[name] };

function fillRow(history: Columns, index: number, operation: Operation): void {
  const { action, outcome } = operation;
  const { values } = history;
  history.invoked[index] = operation.invoked;
  history.returned[index] = outcome.kind === 'open' ? Number.POSITIVE_INFINITY : operation.returned;
  if (outcome.kind === 'ok' && outcome.version !== undefined) {
    if (!Number.isSafeInteger(outcome.version) || outcome.version < 0)
      throw new Error('a version is a positive integer');
    history.version[index] = outcome.version;
  }
  const set = (kind: number, value: number, replacement = 0): void => {
    history.kind[index] = kind;
    history.value[index] = value;
    history.replacement[index] = replacement;
  };
  switch (action.kind) {
    case 'get':
      return set(kinds.read, values.numberOf(valueRead(outcome)));
    case 'put':
      return set(kinds.write, values.numberOf(action.value));
    case 'cas':
      if (outcome.kind === 'mismatch') return set(kinds.differ, values.numberOf(action.expected));
      return set(kinds.swap, values.numberOf(action.expected), values.numberOf(action.value));
    case 'append':
      return set(kinds.append, values.numberOfSuffix(action.value));
    case 'delete':
      return set(kindOfDelete(operation), MISSING);
  }
}

function kindOfDelete({ outcome }: Operation): number {
  if (outcome.kind !== 'ok') return kinds.erase;
  if (outcome.removed === false) return kinds.read;
  return outcome.removed === true || outcome.version !== undefined ? kinds.remove : kinds.erase;
}
