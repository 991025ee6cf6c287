/** Executes many operations of one client: those on one key in the order of the list, those on different keys in any order. */
import type { ExecuteOptions } from './client.ts';
import type { Operation, Outcome } from './operation.ts';

/** Anything that carries out single operations: the store. */
export interface Executor {
  execute(operation: Operation, options?: ExecuteOptions): Promise<Outcome>;
}

/**
 * The outcomes, in the order of the operations. An operation starts when the one before it on its key has ended, however it
 * ended. `onOutcome` gets each outcome as soon as it is known, and its return value replaces the outcome.
 * @param options of the whole request: a deadline holds for all operations together.
 */
export function executeInOrder<Result>(
  executor: Executor,
  operations: readonly Operation[],
  onOutcome: (outcome: Outcome, index: number) => Result,
  options: ExecuteOptions = {},
): Promise<Result[]> {
  const lastOfKey = new Map<string, Promise<unknown>>();
  return Promise.all(
    operations.map((operation, index) => {
      const previous = lastOfKey.get(operation.key) ?? Promise.resolve();
      const result = previous
        .then(() => executor.execute(operation, options))
        .then((outcome) => onOutcome(outcome, index));
      lastOfKey.set(operation.key, result);
      return result;
    }),
  );
}
