/** `vase move SLOTS --to ID`: moves chosen slots to a shard. */
import type { Command } from 'commander';
import { planOrCarryOut } from '../context/follow-jobs.ts';
import { withViewServer } from '../context/view-client.ts';
import { addJobOptions, type JobFlags } from '../context/view-options.ts';
import { numberOrText } from '../../cluster/topology/topology-input.ts';

export function addMoveCommand(program: Command): void {
  addJobOptions(
    program
      .command('move')
      .description('Move slots to a shard.')
      .argument('<slots>', 'such as 5, 0-99 or 0-9,20')
      .requiredOption('--to <id>', 'the number of the shard', numberOrText),
  ).action((slots: string, flags: JobFlags & { to: number | string }) =>
    withViewServer(flags, (context) =>
      planOrCarryOut({ method: 'POST', path: '/moves', body: { slots, to: flags.to } }, flags, context),
    ),
  );
}
