/** The command line of Vase: loads the command that is asked for, runs it, and turns what it threw into an exit code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { skipProxies } from '../cluster/host/skip-proxies.ts';
import { addCommands, namesIn } from './command-table.ts';

const packageFile = join(import.meta.dirname, '..', 'package.json');
const { version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string };
const program = new Command('vase')
  .description('A sharded, linearizable, scalable key-value store on etcd.')
  .version(version, '--version', "print Vase's version")
  .exitOverride()
  // An option belongs to the command that it follows: `vase bench report RUN --json`.
  .enablePositionalOptions()
  .showHelpAfterError('(see --help)')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong use.');

// The reader of the output has read enough (`vase logs etcd-1-0 | head`): it ends as a program without a handler of SIGPIPE.
const brokenPipeExitCode = 141;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(brokenPipeExitCode);
});

skipProxies('this machine');
try {
  await addCommands(program, namesIn(process.argv.slice(2)));
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = (await import('./terminal/print-failure.ts')).printFailure(error);
}
