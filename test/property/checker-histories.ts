/** Histories for the checker's properties: of a few arbitrary operations, and of a register that was really run. */
import fc from 'fast-check';
import type { Action, Operation, Outcome, Scalar } from '../../sim/checker/history/operation.ts';

const scalar = fc.constantFrom<Scalar>(null, 'a', 'b', 'ab', '', 1);
const text = fc.constantFrom('a', 'b', '');

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Action>({ kind: 'get' }) },
  { weight: 4, arbitrary: scalar.map((value): Action => ({ kind: 'put', value })) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(scalar, scalar)
      .map(([expected, value]): Action => ({ kind: 'cas', expected, value })),
  },
  { weight: 1, arbitrary: text.map((value): Action => ({ kind: 'append', value })) },
  { weight: 2, arbitrary: fc.constant<Action>({ kind: 'delete' }) },
);

const plainAction = anyAction.filter(({ kind }) => kind !== 'append');

/** Anything goes: values, versions and times are independent of each other. */
export function wildHistory(options: { versions: boolean; appends: boolean }): fc.Arbitrary<Operation[]> {
  const operation = fc
    .record({
      action: options.appends ? anyAction : plainAction,
      outcome: fc.constantFrom('ok', 'ok', 'ok', 'mismatch', 'open', 'fail'),
      value: scalar,
      version: options.versions ? fc.option(fc.integer({ min: 1, max: 6 }), { freq: 6 }) : fc.constant(null),
      removed: fc.constantFrom(true, false, undefined),
      invoked: fc.integer({ min: 0, max: 8 }),
      length: fc.integer({ min: 0, max: 6 }),
    })
    .map((wild): Operation => {
      const { invoked, length } = wild;
      return {
        process: 0,
        key: 'x',
        action: wild.action,
        outcome: wildOutcome(wild),
        invoked,
        returned: invoked + length,
      };
    });
  return fc.array(operation, { minLength: 1, maxLength: 6, size: 'max' });
}

function wildOutcome(wild: {
  action: Action;
  outcome: string;
  value: Scalar;
  version: number | null;
  removed: boolean | undefined;
}): Outcome {
  if (wild.outcome === 'open' || wild.outcome === 'fail') return { kind: wild.outcome };
  if (wild.outcome === 'mismatch' && wild.action.kind === 'cas') return { kind: 'mismatch' };
  return {
    kind: 'ok',
    ...(wild.action.kind === 'get' ? { value: wild.value } : {}),
    ...(wild.version === null ? {} : { version: wild.version }),
    ...(wild.action.kind === 'delete' && wild.removed !== undefined ? { removed: wild.removed } : {}),
  };
}

export interface RunOptions {
  operationsMax: number;
  /** How far an interval reaches around the moment of effect; operations take effect one unit apart. */
  spread: number;
  versions: boolean;
  appends: boolean;
  /** Share of operations, in percent, whose outcome nobody learns. */
  openPercent: number;
}

/**
 * The history that clients would have seen of a register that took their operations one after another: always linearizable, in
 * the order of the array, where an open operation that was never applied counts as absent.
 */
export function runHistory(options: RunOptions): fc.Arbitrary<Operation[]> {
  const step = fc.record({
    action: options.appends ? anyAction : plainAction,
    open: fc.integer({ min: 0, max: 99 }).map((draw) => draw < options.openPercent),
    applied: fc.boolean(),
    before: fc.integer({ min: 0, max: options.spread }),
    after: fc.integer({ min: 0, max: options.spread }),
    gap: fc.integer({ min: 1, max: 3 }),
  });
  return fc
    .array(step, { minLength: 1, maxLength: options.operationsMax, size: 'max' })
    .map((steps) => run(steps, options.versions));
}

/** As runHistory with versions: unacknowledged writes lie between observations that hardly overlap with anything. */
export function unheardHistory(): fc.Arbitrary<Operation[]> {
  const value = fc.constantFrom<Scalar>(null, 'a', 'b');
  const action: fc.Arbitrary<Action> = fc.oneof(
    fc.constant<Action>({ kind: 'get' }),
    value.map((put): Action => ({ kind: 'put', value: put })),
    fc.tuple(value, value).map(([expected, put]): Action => ({ kind: 'cas', expected, value: put })),
  );
  const step = fc.record({
    action,
    open: fc.boolean(),
    applied: fc.integer({ min: 0, max: 3 }).map((draw) => draw > 0),
    before: fc.constantFrom(0, 0, 0, 1),
    after: fc.constantFrom(0, 0, 0, 1),
    gap: fc.integer({ min: 1, max: 2 }),
  });
  return fc.array(step, { minLength: 4, maxLength: 6 }).map((steps) => run(steps, true));
}

interface Step {
  action: Action;
  open: boolean;
  applied: boolean;
  before: number;
  after: number;
  gap: number;
}

function run(steps: readonly Step[], versions: boolean): Operation[] {
  let value: Scalar = null;
  let keyVersion = 0;
  let storeVersion = 0;
  const version = (number: number): { version?: number } => (versions ? { version: number } : {});
  const write = (next: Scalar): Extract<Outcome, { kind: 'ok' }> => {
    value = next;
    keyVersion = storeVersion;
    return { kind: 'ok', ...version(storeVersion) };
  };
  const apply = ({ kind, ...action }: Action & { expected?: Scalar; value?: Scalar }): Outcome => {
    switch (kind) {
      case 'get':
        return { kind: 'ok', value, ...version(value === null ? storeVersion - 1 : keyVersion) };
      case 'put':
        return write(action.value!);
      case 'append':
        return write(`${value ?? ''}${action.value}`);
      case 'cas':
        return value === action.expected ? write(action.value!) : { kind: 'mismatch' };
      case 'delete':
        return value === null
          ? { kind: 'ok', removed: false, ...version(storeVersion - 1) }
          : { ...write(null), removed: true };
    }
  };
  return steps.map((step, index) => {
    storeVersion += step.gap;
    const outcome: Outcome = step.open && !step.applied ? { kind: 'open' } : apply(step.action);
    return {
      process: index,
      key: 'x',
      action: step.action,
      outcome: step.open ? { kind: 'open' } : outcome,
      invoked: index - step.before,
      returned: index + step.after,
    };
  });
}

/** Changes one answer that a client got, or its time; the history may or may not stay linearizable. */
export function corrupt(operations: readonly Operation[], seed: number): Operation[] {
  const victim = seed % operations.length;
  const other = operations[(seed >>> 8) % operations.length]!;
  return operations.map((operation, index) => {
    if (index !== victim || operation.outcome.kind !== 'ok') return operation;
    const { outcome } = operation;
    switch ((seed >>> 16) % 4) {
      case 0:
        return { ...operation, invoked: other.returned + 1, returned: other.returned + 2 };
      case 1:
        return other.outcome.kind === 'ok' &&
          other.outcome.version !== undefined &&
          outcome.version !== undefined
          ? { ...operation, outcome: { ...outcome, version: other.outcome.version } }
          : operation;
      case 2:
        return operation.action.kind === 'get' && other.action.kind === 'put'
          ? { ...operation, outcome: { ...outcome, value: other.action.value } }
          : operation;
      default:
        return { ...operation, outcome: { kind: 'open' } };
    }
  });
}
