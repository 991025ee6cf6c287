/** What holds in a program without mistakes. Where it does not, that is no answer to anybody: the program is to crash. */

/** @throws Error */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** The value, which is there. @param what names it, for the error. @throws Error */
export function present<Value>(value: Value, what: string): NonNullable<Value> {
  if (value === null || value === undefined) throw new Error(`${what} is missing`);
  return value;
}
