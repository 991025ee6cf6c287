/** `vase rebalance`: gives every shard its share of the slots with as few moves as possible. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { planOrCarryOut } from '../context/follow-jobs.ts';
import { withViewServer } from '../context/view-client.ts';
import { addJobOptions, type JobFlags } from '../context/view-options.ts';

export function addRebalanceCommand(program: Command): void {
  addJobOptions(
    program
      .command('rebalance')
      .description('Give every shard its share of the slots, with as few moves as possible.')
      .option('--weight <id=share>', 'shares other than equal ones, such as 2=0.5; may be repeated', collect),
  ).action((flags: JobFlags & { weight?: Record<string, number> }) =>
    withViewServer(flags, (context) =>
      planOrCarryOut(
        { method: 'POST', path: '/rebalance', body: { weights: flags.weight ?? null } },
        flags,
        context,
      ),
    ),
  );
}

function collect(text: string, before: Record<string, number> = {}): Record<string, number> {
  const match = /^([1-9]\d{0,6})=(\d{1,4}(?:\.\d{1,6})?)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('must be a shard and its share, such as 2=0.5.');
  return { ...before, [match[1]!]: Number(match[2]) };
}
