/**
 * The one file that prints. A terminal gets a spinner and colours, a pipe gets plain lines, and `--json` gets one JSON
 * document per line, the last of which is the result. Progress and errors go to standard error, results to standard
 * output; with `--json` all but errors go to standard output.
 */
import { styleText } from 'node:util';
import ora, { type Ora } from 'ora';
import { ClusterError, UsageError } from '../../cluster/errors.ts';
import type { StepReporter } from '../../cluster/providers/steps.ts';
import { CommandError } from '../../cluster/host/run-command.ts';
import { TopologyError } from '../../cluster/topology/topology.ts';

/** Of a failed command's output, the end is what says why. */
const outputLinesMax = 20;

/** Back to the line's begin, and what stands there is gone. */
const clearedLine = '\r\u{1b}[2K';

export interface Printer {
  steps: StepReporter;
  /** A line of its own that is neither progress nor result. */
  note(text: string, data: object): void;
  /** Where a long command stands: replaced by the next on a terminal, a line of its own elsewhere. */
  progress(text: string, data: object): void;
  /** The command's result: `text` for people, `data` for `--json`. */
  result(text: string, data: object): void;
  /** Raw bytes of a value. */
  bytes(data: Uint8Array): void;
}

export function createPrinter(options: { json: boolean }): Printer {
  return {
    steps: options.json ? jsonSteps() : canSpin() ? spinnerSteps() : plainSteps(),
    note: (text, data) => {
      if (options.json) printJson(data);
      else printErrorLine(text);
    },
    progress: (text, data) => {
      if (options.json) printJson(data);
      else if (canSpin()) process.stderr.write(`${clearedLine}${text.slice(0, process.stderr.columns - 1)}`);
      else printErrorLine(text);
    },
    result: (text, data) => {
      if (options.json) printJson(data);
      else {
        if (canSpin()) process.stderr.write(clearedLine);
        if (text !== '') printLine(text);
      }
    },
    bytes: (data) => void process.stdout.write(data),
  };
}

/** A terminal that tells no width, as some containers have, would make the spinner clear lines without end. */
function canSpin(): boolean {
  return process.stderr.isTTY && process.stderr.columns > 0;
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printErrorLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

function printJson(data: object): void {
  printLine(JSON.stringify(data));
}

function jsonSteps(): StepReporter {
  return {
    started: (step) => printJson({ event: 'started', step }),
    progressed: (step, text) => printJson({ event: 'progress', step, text }),
    succeeded: (step, durationMs, detail) =>
      printJson({ event: 'succeeded', step, durationMs: Math.round(durationMs), detail }),
    failed: (step, durationMs) => printJson({ event: 'failed', step, durationMs: Math.round(durationMs) }),
  };
}

function plainSteps(): StepReporter {
  return {
    started: () => undefined,
    progressed: (title, text) => printErrorLine(`  ...   ${title}: ${text}`),
    succeeded: (title, durationMs, detail) =>
      printErrorLine(`  ok    ${describeStep(title, durationMs, detail)}`),
    failed: (title, durationMs) => printErrorLine(`  FAIL  ${describeStep(title, durationMs, null)}`),
  };
}

function spinnerSteps(): StepReporter {
  let spinner: Ora | null = null;
  return {
    started: (title) => {
      // The spinner must not swallow Ctrl-C: the signal has to reach the command, which then cleans up.
      spinner = ora({ text: title, discardStdin: false }).start();
    },
    progressed: (title, text) => {
      if (spinner !== null) spinner.text = `${title}: ${text}`.slice(0, process.stderr.columns - 3);
    },
    succeeded: (title, durationMs, detail) => spinner?.succeed(describeStep(title, durationMs, detail)),
    failed: (title, durationMs) => spinner?.fail(describeStep(title, durationMs, null)),
  };
}

function describeStep(title: string, durationMs: number, detail: string | null): string {
  return `${title} (${(durationMs / 1000).toFixed(1)} s)${detail === null ? '' : `: ${detail}`}`;
}

export const style = {
  good: (text: string) => styleText('green', text),
  bad: (text: string) => styleText('red', text),
  warning: (text: string) => styleText('yellow', text),
  strong: (text: string) => styleText('bold', text),
};

/**
 * Prints why a command failed and returns its exit code: 2 for a wrong use, 1 for anything else. The user's errors are
 * sentences; a programmer's error keeps its stack.
 */
export function printFailure(error: unknown): number {
  if (error instanceof UsageError || error instanceof TopologyError) {
    printErrorLine(`vase: ${error.message}`);
    return 2;
  }
  if (error instanceof ClusterError) {
    printErrorLine(`vase: ${error.message}`);
    if (error.nextStep !== null) printErrorLine(`      ${error.nextStep}`);
    return 1;
  }
  if (error instanceof CommandError) {
    printErrorLine(`vase: ${error.message.split('\n')[0]}`);
    printErrorLine(`  command: ${error.command}`);
    for (const line of error.output.trimEnd().split('\n').slice(-outputLinesMax))
      printErrorLine(`  | ${line}`);
    return 1;
  }
  printErrorLine(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}
