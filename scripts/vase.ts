#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
/** The command line of Vase: loads the command that is asked for, runs it, and turns what it threw into an exit code. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { compileCacheOf } from '../cluster/host/compile-cache.ts';
import { skipProxies } from '../cluster/host/skip-proxies.ts';
import { addCommands, namesIn } from './command-table.ts';

const checkout = join(import.meta.dirname, '..');
enableCompileCache(compileCacheOf(checkout));

const { version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { version: string };
const program = new Command('vase')
  .description('A sharded, linearizable, scalable key-value store on etcd.')
  .version(version, '--version', "print Vase's version")
  .exitOverride()
  // An option belongs to the command that it stands behind: `vase bench report RUN --json`.
  .enablePositionalOptions()
  .showHelpAfterError('(see --help)')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong use.');

// Whoever reads the output has read enough (`vase logs etcd-1-0 | head`): ends as a program without a handler of SIGPIPE.
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
  else process.exitCode = (await import('./terminal/printer.ts')).printFailure(error);
}
