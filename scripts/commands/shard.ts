/** `vase shard add|remove|list`: adds and removes shards while the cluster serves. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { addRecoverCommand } from './recover.ts';
import { planOrCarryOut } from '../context/follow-jobs.ts';
import { drawTable } from '../terminal/table.ts';
import { withViewServer } from '../context/view-client.ts';
import { addJobOptions, addViewOptions, type JobFlags, type ViewFlags } from '../context/view-options.ts';

export function addShardCommand(program: Command): void {
  const shard = program.command('shard').description('Add, remove, recover and list shards.');
  addJobOptions(
    shard
      .command('add')
      .description('Make new shards and move their share of the slots to them.')
      .option('--count <number>', 'how many, 1 to 16', countOf, 1),
  ).action((flags: JobFlags & { count: number }) =>
    withViewServer(flags, (context) =>
      planOrCarryOut({ method: 'POST', path: '/shards', body: { count: flags.count } }, flags, context),
    ),
  );
  addJobOptions(
    shard
      .command('remove')
      .description('Move everything away from a shard, prove that nothing is left, and delete it.')
      .argument('<id>', 'its number, or its name such as etcd-4; not the home shard'),
  ).action((id: string, flags: JobFlags) =>
    withViewServer(flags, (context) =>
      planOrCarryOut(
        { method: 'DELETE', path: `/shards/${encodeURIComponent(id)}`, body: {} },
        flags,
        context,
      ),
    ),
  );
  addRecoverCommand(shard);
  addViewOptions(shard.command('list').description('Show the shards and how many slots each has.')).action(
    (flags: ViewFlags) =>
      withViewServer(flags, async ({ client, printer }) => {
        const { shards } = await client.view();
        const rows = shards.map(({ id, name, state, slots, isHome, endpoints }) => [
          id,
          name,
          isHome ? `${state}, home` : state,
          slots,
          endpoints.join(','),
        ]);
        printer.result(drawTable(['shard', 'name', 'state', 'slots', 'endpoints'], rows), { shards });
      }),
  );
}

function countOf(text: string): number {
  const count = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > 16) throw new InvalidArgumentError('must be a whole number from 1 to 16.');
  return count;
}
