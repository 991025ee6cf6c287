/** `vase bench compare RUN RUN [RUN...]`: two runs are compared, more are shown beside each other. */
import type { Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { createPrinter } from '../terminal/printer.ts';

const help = `
Two runs: the ratio of each figure in each cell, with its confidence interval; exit code 1 on a regression, or when no
cell could be compared. Three runs or more: least, median and most of each figure, and which expectations held in each
run; exit code 1 when one did not hold in one of them.

A run is the folder that vase bench leaves, such as .vase/runs/local-20261122-170000.`;

interface CompareFlags {
  threshold?: string;
  json?: boolean;
}

/**
 * @param bench the command `vase bench`.
 * @param folderOf gives the folder of the run that the user named.
 */
export function addCompareCommand(bench: Command, folderOf: (run: string) => string): void {
  bench
    .command('compare')
    .description('Compare runs of the benchmark: ratios, regressions, spread.')
    .argument('<runs...>', 'two runs or more: their folders, or the names of them')
    .option('--threshold <percent>', 'by how much a figure must be worse to be a regression', '10')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (runs: string[], flags: CompareFlags) => {
      // Loaded only where it is used, with its libraries: every command of `vase` reads this file.
      const { compareFolders } = await import('./compare-folders.ts');
      const { text, data, exitCode } = await compareFolders(
        runs.map(folderOf),
        readThreshold(flags.threshold),
      );
      createPrinter({ json: flags.json === true }).result(text, data);
      process.exitCode = exitCode;
    });
}

function readThreshold(percent: string | undefined): number {
  const value = Number(percent ?? '10');
  if (!(value > 0 && value < 1000)) throw new UsageError('--threshold is a percentage above 0, such as 10.');
  return value / 100;
}
