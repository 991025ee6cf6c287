/** `vase put KEY VALUE`: writes a value, from the command line, a file or standard input. */
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import type { Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import { withStore } from '../context/store-client.ts';

interface PutFlags {
  file?: string;
  endpoint?: string;
  json?: boolean;
}

export function addPutCommand(program: Command): void {
  program
    .command('put')
    .description('Write a value: VALUE, the bytes of a file, or those of standard input.')
    .argument('<key>')
    .argument('[value]')
    .option('--file <path>', 'take the value from this file; - for standard input')
    .option('--endpoint <url>', 'the store (default: VASE_ENDPOINT, or the cluster that is up)')
    .option('--json', 'print JSON')
    .action((key: string, value: string | undefined, flags: PutFlags) =>
      withStore(flags, async ({ store, printer }) => {
        const bytes = await readValue(value, flags.file);
        const { version, shard } = await store.put(key, bytes);
        printer.result(`version ${version} on ${shard}`, { key, version, shard });
      }),
    );
}

async function readValue(value: string | undefined, file: string | undefined): Promise<Buffer> {
  if (value !== undefined && file !== undefined) throw new UsageError('put takes VALUE or --file, not both');
  if (value !== undefined) return Buffer.from(value);
  if (file === '-' || (file === undefined && !process.stdin.isTTY)) return buffer(process.stdin);
  if (file === undefined) throw new UsageError('put needs VALUE, --file or something on standard input');
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`file ${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
