/** How a program that was run came to a bad end. Apart from what runs programs, so that the command line can tell of it and load nothing. */

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
