/**
 * The two ways in which a command ends badly through no fault of the program. Both are printed as sentences, once, by
 * the command line; anything else that is thrown is a programmer's error and keeps its stack.
 */

export { UsageError } from '../sharder/core/usage-error.ts';

/** An operation on a cluster that could not be done: what is wrong, and what to do next. Exit code 1. */
export class ClusterError extends Error {
  override name = 'ClusterError';
  /** A sentence or a command for the user; null where there is none to give. */
  readonly nextStep: string | null;

  constructor(message: string, options: { nextStep?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.nextStep = options.nextStep ?? null;
  }
}
