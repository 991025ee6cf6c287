/**
 * A wrong flag, setting or file: one sentence that names it and what is allowed. Every program ends with exit code 2 for it,
 * by this class alone: whoever refuses what a user gave throws it, or a class made of it.
 */
export class UsageError extends Error {
  override name = 'UsageError';
}
