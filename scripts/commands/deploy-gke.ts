/** `vase deploy-gke`: shows what deploying to GKE would do and cost; does it only when it is confirmed. */
import type { Command } from 'commander';
import { deploy, planDeployment } from '../../cluster/providers/gke/gke-actions.ts';
import { gkeFiles } from '../../cluster/providers/gke/gke-files.ts';
import { parseTarget } from '../../cluster/providers/gke/resources/target.ts';
import type { UpResult } from '../../cluster/providers/provider.ts';
import {
  mergeTopologies,
  numberOrText,
  readTopologyFile,
  topologyFromEnvironment,
} from '../../cluster/topology/topology-input.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { withContext } from '../context/command-context.ts';
import { checkout, stateRoot } from '../context/places.ts';
import { describePlan } from '../terminal/gke-text.ts';
import { describeUp, leftExitCode } from '../terminal/up-text.ts';

interface DeployFlags {
  project: string;
  region: string;
  confirm?: string;
  expose?: string;
  allow?: string;
  name?: string;
  shards?: number | string;
  members?: number | string;
  sharders?: number | string;
  topology?: string;
  json?: boolean;
}

export function addDeployGkeCommand(program: Command): void {
  program
    .command('deploy-gke')
    .description('Show what deploying to Google Kubernetes Engine would do and cost; do it with --confirm.')
    .requiredOption('--project <id>', 'the Google Cloud project')
    .requiredOption('--region <region>', 'a region such as europe-west1')
    .option('--confirm <project id>', 'do it; the project id once more')
    .option('--expose <how>', 'internal (default), or public: on the internet, over TLS, with a token')
    .option(
      '--allow <ranges>',
      'with --expose public: who may connect, such as 203.0.113.0/24,198.51.100.7/32',
    )
    .option('--name <name>', 'name of the cluster (default vase)')
    .option('--shards <number>', 'shards, each an etcd cluster of its own (default 3)', numberOrText)
    .option('--members <number>', 'etcd members per shard: 1, 3 or 5 (default 3)', numberOrText)
    .option('--sharders <number>', 'sharders at least; the autoscaler adds to them (default 2)', numberOrText)
    .option('--topology <file>', 'a YAML file with any field of the topology')
    .option('--json', 'print JSON, one document per line')
    .addHelpText(
      'after',
      '\nWithout --confirm nothing is changed. Interrupted, the next run goes on.' +
        '\n\nExit codes: 0 done, 1 failed, 2 wrong use, 3 serving without a shard or a member that could not be brought up.',
    )
    .action(deployGke);
}

async function deployGke(flags: DeployFlags): Promise<void> {
  const { project, region, expose, allow, shards, members, sharders } = flags;
  const file = flags.topology ?? process.env['VASE_TOPOLOGY'];
  const requested = mergeTopologies(
    file ? readTopologyFile(file) : {},
    topologyFromEnvironment(process.env),
    { name: flags.name, shards, members, sharders },
  );
  const { name } = parseTopology(requested);
  const place = {
    target: parseTarget({ project, region, name, expose, allow }),
    checkout,
    stateRoot: stateRoot(),
  };
  await withContext(flags, async ({ printer, options }) => {
    if (flags.confirm === undefined) {
      const plan = await planDeployment(place, requested, options);
      const size = { SHARDS: shards, MEMBERS: members, SHARDERS: sharders, TOPOLOGY: flags.topology };
      printer.result(describePlan(plan, { size, environment: process.env }), { event: 'plan', ...plan });
      return;
    }
    const deployed = await deploy(place, { requested, confirm: flags.confirm }, options);
    printer.result(describeDeployed(deployed, place), { event: 'deployed', ...deployed });
    if (deployed.left.length > 0) process.exitCode = leftExitCode;
  });
}

function describeDeployed(
  result: UpResult,
  { target, stateRoot: root }: { target: ReturnType<typeof parseTarget>; stateRoot: string },
): string {
  const { head, problems } = describeUp(result);
  const files = gkeFiles(root);
  const how =
    target.exposure.kind === 'internal'
      ? 'It is reached from machines in its own network.'
      : `Users need ${files.certificates}/vase-users.crt to check it by, and the token in ${files.token}.`;
  return [head, how, ...problems].join('\n');
}
