/** `vase del KEY`: deletes a key. */
import type { Command } from 'commander';
import { withStore } from '../context/store-client.ts';

export function addDelCommand(program: Command): void {
  program
    .command('del')
    .description('Delete a key.')
    .argument('<key>')
    .option('--endpoint <url>', 'the store (default: VASE_ENDPOINT, or the cluster that is up)')
    .option('--json', 'print JSON')
    .action((key: string, flags: { endpoint?: string; json?: boolean }) =>
      withStore(flags, async ({ store, printer }) => {
        const { version, shard } = await store.delete(key);
        printer.result(`deleted at version ${version} on ${shard}`, { key, version, shard });
      }),
    );
}
