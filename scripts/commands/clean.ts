/** `vase clean`: stops all processes and deletes the data. */
import type { Command } from 'commander';
import { withContext } from '../context/command-context.ts';

export function addCleanCommand(program: Command): void {
  program
    .command('clean')
    .description('Say what there is, stop everything and delete the data.')
    .option('--json', 'print JSON, one document per line')
    .action((flags: { json?: boolean }) =>
      withContext(flags, async ({ provider, printer, options }) => {
        await provider.clean(options);
        const but = provider.kind === 'kind' ? ' but images in Docker' : '';
        printer.result(`Clean. Nothing is left of the cluster${but}.`, { event: 'clean' });
      }),
    );
}
