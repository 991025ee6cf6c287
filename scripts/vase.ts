#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
/** The command line of Vase: registers the commands, runs one, and turns what it threw into an exit code. */
import { Command } from 'commander';
import { skipProxies } from '../cluster/skip-proxies.ts';
import { addBenchCommand } from './commands/bench.ts';
import { addCheckCommand } from './commands/check.ts';
import { addCleanCommand } from './commands/clean.ts';
import { addDelCommand } from './commands/del.ts';
import { addDeployGkeCommand } from './commands/deploy-gke.ts';
import { addDestroyGkeCommand } from './commands/destroy-gke.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addDownCommand } from './commands/down.ts';
import { addEtcdCommand } from './commands/etcd.ts';
import { addGenerateCommand } from './commands/generate.ts';
import { addGetCommand } from './commands/get.ts';
import { addLogsCommand } from './commands/logs.ts';
import { addMemberCommand } from './commands/member.ts';
import { addNemesisCommand } from './commands/nemesis.ts';
import { addPredictCommand } from './commands/predict.ts';
import { addPutCommand } from './commands/put.ts';
import { addSimCommand } from './commands/sim.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addMoveCommand } from './commands/move.ts';
import { addRebalanceCommand } from './commands/rebalance.ts';
import { addShardCommand } from './commands/shard.ts';
import { addViewCommand } from './commands/view.ts';
import { printFailure } from './printer.ts';

const program = new Command('vase')
  .description('A sharded, linearizable, scalable key-value store on etcd.')
  .exitOverride()
  // An option belongs to the command that it stands behind: `vase bench report RUN --json`.
  .enablePositionalOptions()
  .showHelpAfterError('(see --help)')
  .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong use.');

for (const add of [
  addUpCommand,
  addDownCommand,
  addCleanCommand,
  addStatusCommand,
  addLogsCommand,
  addDoctorCommand,
  addGetCommand,
  addPutCommand,
  addDelCommand,
  addEtcdCommand,
  addGenerateCommand,
  addDeployGkeCommand,
  addDestroyGkeCommand,
  addNemesisCommand,
  addBenchCommand,
  addSimCommand,
  addPredictCommand,
  addCheckCommand,
  addMoveCommand,
  addRebalanceCommand,
  addShardCommand,
  addMemberCommand,
  addViewCommand,
]) {
  add(program);
}

// Whoever reads the output has read enough (`vase logs etcd-1-0 | head`): ends as a program without a handler of SIGPIPE.
const brokenPipeExitCode = 141;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(brokenPipeExitCode);
});

skipProxies('this machine');
try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = printFailure(error);
}
