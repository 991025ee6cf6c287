/** Conditions that hold in a program without mistakes. If one does not hold, no user gets an answer: the program crashes. */

/** @throws Error */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

/** The value, which must be present. @param what names it, for the error. @throws Error */
export function present<Value>(value: Value, what: string): NonNullable<Value> {
  if (value === null || value === undefined) throw new Error(`${what} is missing`);
  return value;
}
