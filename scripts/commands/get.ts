/** `vase get KEY`: prints the value's bytes, unchanged. */
import type { Command } from 'commander';
import { withStore } from '../context/store-client.ts';

export function addGetCommand(program: Command): void {
  program
    .command('get')
    .description("Write a key's value to standard output, byte for byte.")
    .argument('<key>')
    .option('--endpoint <url>', 'the store (default: VASE_ENDPOINT, or the cluster that is up)')
    .option('--json', 'print JSON; the value in base64')
    .action((key: string, flags: { endpoint?: string; json?: boolean }) =>
      withStore(flags, async ({ store, printer }) => {
        const { value, version, shard } = await store.get(key);
        if (flags.json === true) printer.result('', { key, version, shard, value: value.toString('base64') });
        else printer.bytes(process.stdout.isTTY ? Buffer.concat([value, Buffer.from('\n')]) : value);
      }),
    );
}
