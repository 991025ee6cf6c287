/**
 * A wrong flag, setting or file: one sentence that names it and what is allowed. Every program ends with exit code 2 for
 * this class alone: code that refuses a user's input throws it, or a subclass.
 */
export class UsageError extends Error {
  override name = 'UsageError';
}
