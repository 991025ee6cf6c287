/** `vase bench`: measures a plan's cells on clusters of their own; `compare` and `report` work on runs. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { BenchFlags } from '../bench-command/bench-command.ts';
import { addCompareCommand } from '../bench-command/compare-command.ts';
import { pathOfRun } from '../bench-command/run-path.ts';

const help = `
Ready plans: smoke (2 minutes), local (about 15 minutes), both sized for 2 cores whatever the machine has, and original
(the original's eight cells). A run that was interrupted goes on when the same plan is run again, unless the sources,
Node.js or etcd are others by now; --resume RUN goes on with it all the same.

Exit codes: 0 done, 1 failed, an expectation of the plan is broken or a cell could not be measured, 2 wrong use.`;

export function addBenchCommand(program: Command): void {
  const bench = program
    .command('bench')
    .description('Measure how the store scales: every cell of a plan on a cluster of its own.')
    .option('--plan <plan>', 'a ready plan, or a JSON file', 'local')
    .option('--provider <kind>', 'local or kind, not gke; wins over the plan')
    .option('--duration <seconds>', 'length of each measurement; wins over the plan', wholeNumber)
    .option('--repeats <number>', 'how often each cell is measured; wins over the plan', wholeNumber)
    .option('--resume <run>', 'go on with this run: its folder, or the name of it')
    .option('--json', 'print JSON, one document per line')
    .addHelpText('after', help)
    // A --json after a subcommand belongs to the subcommand.
    .enablePositionalOptions()
    // Loaded only here: other commands do not need the libraries that draw and load.
    .action(async (flags: BenchFlags) => (await import('../bench-command/bench-command.ts')).measure(flags));
  addCompareCommand(bench, pathOfRun);
  bench
    .command('report')
    .description('Write the report of a run anew.')
    .argument('<run>', 'its folder, or the name of it')
    .option('--json', 'print JSON, one document per line')
    .action(async (run: string, flags: { json?: boolean }) =>
      (await import('../bench-command/bench-command.ts')).report(run, flags),
    );
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('must be a whole number from 1.');
  return Number(text);
}
