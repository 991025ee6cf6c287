/**
 * The one file that prints. A terminal gets a spinner and colours, a pipe gets plain lines, and `--json` gets one JSON
 * document per line, the last of which is the result. Progress and errors go to standard error, results to standard
 * output; with `--json` all but errors go to standard output.
 */
import { styleText } from 'node:util';

/** Moves to the line's beginning and clears the line. */
const clearedLine = '\r\u{1b}[2K';

export interface Printer {
  /** A line of its own that is neither progress nor result. */
  note(text: string, data: object): void;
  /** The progress of a long command: on a terminal the next replaces it, elsewhere it is a line of its own. */
  progress(text: string, data: object): void;
  /** The command's result: `text` for people, `data` for `--json`. */
  result(text: string, data: object): void;
  /** Raw bytes of a value. */
  bytes(data: Uint8Array): void;
}

export function createPrinter(options: { json: boolean }): Printer {
  return {
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

/** A terminal without a width, as in some containers, would make the spinner clear lines without end. */
export function canSpin(): boolean {
  return process.stderr.isTTY && process.stderr.columns > 0;
}

function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printErrorLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

export function printJson(data: object): void {
  printLine(JSON.stringify(data));
}

export const style = {
  good: (text: string) => styleText('green', text),
  bad: (text: string) => styleText('red', text),
  warning: (text: string) => styleText('yellow', text),
  strong: (text: string) => styleText('bold', text),
};
