/** How a program failed. It is apart from the code that runs programs: the command line reports a failure without loading that. */

export interface CommandResult {
  /** Null when the command did not start or was ended by a signal. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** A command that did not start, ended with a code other than 0, was killed, or took too long. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly command: string;
  /** Standard error, then standard output. */
  readonly output: string;
  readonly result: CommandResult;

  constructor(reason: { command: string; result: CommandResult; cause?: unknown; message: string }) {
    super(reason.message, { cause: reason.cause });
    this.command = reason.command;
    this.result = reason.result;
    this.output = [reason.result.stderr, reason.result.stdout].filter((text) => text !== '').join('\n');
  }
}
