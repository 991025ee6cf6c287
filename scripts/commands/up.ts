/** `vase up`: brings the cluster up and proves that it serves. */
import type { Command } from 'commander';
import {
  mergeTopologies,
  numberOrText,
  readTopologyFile,
  topologyFromEnvironment,
  type PartialTopology,
} from '../../cluster/topology/topology-input.ts';
import { UsageError } from '../../cluster/errors.ts';
import { parseTopology } from '../../cluster/topology/topology.ts';
import { type CommandContext, withContext } from '../context/command-context.ts';
import { describeUp, leftExitCode } from '../terminal/up-text.ts';

interface UpFlags {
  shards?: number | string;
  members?: number | string;
  sharders?: number | string;
  port?: number | string;
  ssd?: string;
  topology?: string;
  provider?: string;
  profile?: string;
  replace?: boolean;
  json?: boolean;
}

export function addUpCommand(program: Command): void {
  program
    .command('up')
    .description('Bring the cluster up, or to another topology, and prove that it serves.')
    .option('--shards <number>', 'shards, each an etcd cluster of its own (default 3)', numberOrText)
    .option('--members <number>', 'etcd members per shard: 1, 3 or 5 (default 3)', numberOrText)
    .option('--sharders <number>', 'sharder processes (default 2)', numberOrText)
    .option(
      '--port <number>',
      'where users reach the store; 0 for any free port (default 5000)',
      numberOrText,
    )
    .option(
      '--ssd <disk>',
      "the disk that members' volumes emulate: pd-ssd and its size, such as pd-ssd:10Gi, or off",
    )
    .option('--topology <file>', 'a YAML file with any field of the topology')
    .option(
      '--provider <name>',
      'local (processes) or kind (Kubernetes in Docker); default: kind where it can run',
    )
    .option('--profile <name>', 'of a new kind cluster: small (one node) or zones (three workers)')
    .option('--replace', 'put new members in the place of those whose data are lost')
    .option('--json', 'print JSON, one document per line')
    .addHelpText(
      'after',
      '\nEach flag has a variable: VASE_SHARDS, VASE_MEMBERS, VASE_SHARDERS, VASE_PORT, VASE_SSD, VASE_TOPOLOGY,' +
        '\nVASE_PROVIDER, VASE_KIND_PROFILE. A flag wins over its variable, both win over the file, and what none of them' +
        '\nsays stays as it is in the cluster that is there.' +
        '\n\nExit codes: 0 ready, 1 failed, 2 wrong use, 3 serving, with something left to do: a shard or a' +
        '\nmember could not be brought up. Members whose data are lost are named; `vase member replace` mends one, --replace all.',
    )
    .action((flags: UpFlags) => {
      const requested = requestedTopology(flags);
      const { provider, profile, replace, json } = flags;
      const makes = parseTopology(requested);
      return withContext(
        { json: json === true, ...(provider && { provider }), ...(profile && { profile }), makes },
        (context) => up(requested, replace === true, context),
      );
    });
}

function requestedTopology({ shards, members, sharders, port, ssd, topology }: UpFlags): PartialTopology {
  const file = topology ?? process.env['VASE_TOPOLOGY'];
  return mergeTopologies(file ? readTopologyFile(file) : {}, topologyFromEnvironment(process.env), {
    shards,
    members,
    sharders,
    ports: { http: port },
    ssd,
  });
}

async function up(
  requested: PartialTopology,
  replaceLost: boolean,
  { provider, printer, options }: CommandContext,
): Promise<void> {
  if (replaceLost && provider.members === null)
    throw new UsageError(`--replace is not yet on provider ${provider.kind}`);
  const result = await provider.up(requested, { ...options, replaceLost });
  const { endpoint, topology, changed, steps, left, notes } = result;
  const { head, problems } = describeUp(result);
  const event = left.length === 0 ? 'ready' : 'partly';
  printer.result([head, ...problems, ...notes].join('\n'), {
    event,
    endpoint,
    changed,
    topology,
    steps,
    left,
    notes,
  });
  if (left.length > 0) process.exitCode = leftExitCode;
}
