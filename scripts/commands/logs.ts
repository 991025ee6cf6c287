/** `vase logs NAME`: the log of a member or sharder. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { withContext } from '../context/command-context.ts';

interface LogsFlags {
  follow?: boolean;
  lines: number;
}

export function addLogsCommand(program: Command): void {
  program
    .command('logs')
    .description('Show the log of a member (etcd-1-0), a sharder (sharder-1), a view server or the keeper.')
    .argument('<name>', 'as in `vase status`')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --lines <number>', 'newest lines to show', wholeNumber, 200)
    .action((name: string, flags: LogsFlags) =>
      withContext({}, async ({ provider, printer, signal }) => {
        const write = (text: string) => printer.bytes(Buffer.from(text));
        await provider.logs(name, { lines: flags.lines, follow: flags.follow === true, signal, write });
      }),
    );
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('must be a whole number from 0 to 999999.');
  return Number(text);
}
