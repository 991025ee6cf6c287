/**
 * The one file that runs other programs. A command that fails throws a `CommandError` with the command line, what it
 * printed and the cause; a detached process outlives this one, leads its own process group and writes to a log file.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { execa } from 'execa';
import { CommandError, type CommandResult } from './command-error.ts';

/** The output of one command that is kept: enough for any listing that Vase reads, and little memory. */
const outputBytesMax = 16 * 1024 * 1024;

export interface CommandOptions {
  cwd?: string;
  /** Variables that the command gets besides those of this process. */
  extraEnvironment?: Record<string, string>;
  /** Bytes for its standard input; default: none. */
  input?: Uint8Array | string;
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Hears each line of standard error as it comes. */
  onErrorLine?: (line: string) => void;
  /** Show what it prints instead of returning it. */
  shown?: boolean;
}

/**
 * Runs a command to its end, without a shell.
 * @throws CommandError unless it exits with 0.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const ended = await execa(command, args, {
    reject: false,
    maxBuffer: outputBytesMax,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.extraEnvironment === undefined ? {} : { env: options.extraEnvironment }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.onErrorLine === undefined ? {} : { stderr: teller(options.onErrorLine) }),
    ...(options.shown === true ? { stdout: 'inherit' as const, stderr: 'inherit' as const } : {}),
  });
  const result: CommandResult = {
    exitCode: ended.exitCode ?? null,
    stdout: asText(ended.stdout),
    stderr: asText(ended.stderr),
  };
  if (!ended.failed) return result;
  throw new CommandError({
    command: ended.command,
    result,
    cause: ended.cause,
    message: ended.shortMessage ?? `${ended.command} failed`,
  });
}

function teller(tell: (line: string) => void): (line: unknown) => Generator {
  return function* (line) {
    tell(String(line));
    yield line;
  };
}

function asText(output: unknown): string {
  return typeof output === 'string' ? output : '';
}

export interface DetachedProcess {
  command: string;
  args: readonly string[];
  /** The whole environment of the process. */
  environment: Record<string, string>;
  /** Gets standard output and standard error, appended. */
  logFile: string;
}

/**
 * Starts a process that goes on when this one ends; its pid is also that of its process group.
 * @throws CommandError when it cannot be started.
 */
export async function startDetached(start: DetachedProcess): Promise<number> {
  const log = createWriteStream(start.logFile, { flags: 'a', mode: 0o600 });
  await once(log, 'open');
  try {
    const child = execa(start.command, start.args, {
      detached: true,
      cleanup: false,
      reject: false,
      buffer: false,
      env: start.environment,
      extendEnv: false,
      stdin: 'ignore',
      stdout: log,
      stderr: log,
    });
    if (child.pid !== undefined) {
      child.nodeChildProcess.unref();
      return child.pid;
    }
    const ended = await child;
    throw new CommandError({
      command: ended.command,
      result: { exitCode: null, stdout: '', stderr: '' },
      cause: ended.cause,
      message: ended.shortMessage ?? `${start.command} did not start`,
    });
  } finally {
    log.destroy();
  }
}
