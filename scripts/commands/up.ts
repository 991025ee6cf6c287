/** `vase up`: brings the cluster up and proves that it serves. */
import type { Command } from 'commander';
import {
  mergeTopologies,
  numberOrText,
  readTopologyFile,
  topologyFromEnvironment,
} from '../../cluster/topology-input.ts';
import { counted } from '../../cluster/providers/steps.ts';
import { type CommandContext, withContext } from '../command-context.ts';
import { style } from '../printer.ts';

interface UpFlags {
  shards?: number | string;
  members?: number | string;
  sharders?: number | string;
  port?: number | string;
  topology?: string;
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
    .option('--topology <file>', 'a YAML file with any field of the topology')
    .option('--json', 'print JSON, one document per line')
    .addHelpText(
      'after',
      '\nEach flag has a variable: VASE_SHARDS, VASE_MEMBERS, VASE_SHARDERS, VASE_PORT, VASE_TOPOLOGY. A flag wins over its' +
        '\nvariable, both win over the file, and what none of them says stays as it is in the cluster that is there.',
    )
    .action((flags: UpFlags) => withContext(flags, (context) => up(flags, context)));
}

async function up(flags: UpFlags, { provider, printer, options }: CommandContext): Promise<void> {
  const { shards, members, sharders, port } = flags;
  const file = flags.topology ?? process.env['VASE_TOPOLOGY'];
  const requested = mergeTopologies(
    file ? readTopologyFile(file) : {},
    topologyFromEnvironment(process.env),
    { shards, members, sharders, ports: { http: port } },
  );
  const { endpoint, topology, changed, steps } = await provider.up(requested, options);
  const size = `${counted(topology.shards, 'shard')} of ${counted(topology.members, 'member')}, ${counted(topology.sharders, 'sharder')}`;
  const text = changed
    ? `Ready at ${endpoint} (${size})`
    : `Already up at ${endpoint} (${size}); nothing changed`;
  printer.result(style.good(text), { event: 'ready', endpoint, changed, topology, steps });
}
