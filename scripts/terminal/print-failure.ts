/** Tells the user why a command failed. */
import { ClusterError, UsageError } from '../../cluster/errors.ts';
import { CommandError } from '../../cluster/host/command-error.ts';
import { printErrorLine } from './printer.ts';

/** The end of a failed command's output says why it failed. */
const outputLinesMax = 20;

/**
 * Prints why a command failed and returns its exit code: 2 for a wrong use, 1 for anything else. The user's errors are
 * sentences; a programmer's error keeps its stack.
 */
export function printFailure(error: unknown): number {
  if (error instanceof UsageError) {
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
