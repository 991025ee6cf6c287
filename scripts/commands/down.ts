/** `vase down`: stops all processes and keeps the data. */
import type { Command } from 'commander';
import { withContext } from '../context/command-context.ts';

export function addDownCommand(program: Command): void {
  program
    .command('down')
    .description('Stop everything that `up` started; the data stay, except with kind.')
    .option('--json', 'print JSON, one document per line')
    .action((flags: { json?: boolean }) =>
      withContext(flags, async ({ provider, printer, options }) => {
        await provider.down(options);
        const text = provider.keepsDataWhenDown
          ? 'Down. The data are kept for the next `up`.'
          : 'Down. The kind cluster is deleted, and its data with it; images stay in Docker.';
        printer.result(text, { event: 'down' });
      }),
    );
}
