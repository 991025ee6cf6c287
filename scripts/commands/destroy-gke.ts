/** `vase destroy-gke`: shows what would be deleted on Google Cloud and what would stay; does it when it is confirmed. */
import type { Command } from 'commander';
import { destroy, planRemoval } from '../../cluster/providers/gke/gke-actions.ts';
import { parseTarget } from '../../cluster/providers/gke/resources/target.ts';
import { withContext } from '../context/command-context.ts';
import { checkout, stateRoot } from '../context/places.ts';
import { describeLeftovers, describeRemovals } from '../terminal/gke-text.ts';

interface DestroyFlags {
  project: string;
  region: string;
  confirm?: string;
  name: string;
  json?: boolean;
}

export function addDestroyGkeCommand(program: Command): void {
  program
    .command('destroy-gke')
    .description(
      'Show what would be deleted on Google Cloud; delete it with --confirm. Disks with data stay.',
    )
    .requiredOption('--project <id>', 'the Google Cloud project')
    .requiredOption('--region <region>', 'a region such as europe-west1')
    .option('--confirm <project id>', 'delete it; the project id once more')
    .option('--name <name>', 'name of the cluster', 'vase')
    .option('--json', 'print JSON, one document per line')
    .action(destroyGke);
}

async function destroyGke(flags: DestroyFlags): Promise<void> {
  const { project, region, name, confirm } = flags;
  const place = { target: parseTarget({ project, region, name }), checkout, stateRoot: stateRoot() };
  await withContext(flags, async ({ printer, options }) => {
    if (confirm === undefined) {
      const removals = await planRemoval(place, options);
      const text = describeRemovals(place.target, removals, { environment: process.env });
      printer.result(text, { event: 'plan', ...removals });
      return;
    }
    const leftovers = await destroy(place, { confirm }, options);
    printer.result(describeLeftovers(leftovers), { event: 'destroyed', leftovers });
  });
}
