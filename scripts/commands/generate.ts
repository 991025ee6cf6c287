/** `vase generate`: writes the Kubernetes manifests of a cluster, and the script that applies them, to a folder. */
import path from 'node:path';
import { Option, type Command } from 'commander';
import { deploymentFiles } from '../../cluster/manifests/deployment-files.ts';
import { writeDeploymentFolder } from '../../cluster/manifests/deployment-folder.ts';
import { overlays, type OverlayName } from '../../cluster/manifests/overlay.ts';
import {
  mergeTopologies,
  numberOrText,
  readTopologyFile,
  topologyFromEnvironment,
} from '../../cluster/topology/topology-input.ts';
import { parseTopology, type Topology } from '../../cluster/topology/topology.ts';
import { createPrinter } from '../terminal/printer.ts';

interface GenerateFlags {
  shards?: number | string;
  members?: number | string;
  first?: number | string;
  sharders?: number | string;
  overlay: OverlayName;
  out: string;
  name?: string;
  image?: string;
  etcdImage?: string;
  tls?: boolean;
  topology?: string;
  force: boolean;
  json?: boolean;
}

export function addGenerateCommand(program: Command): void {
  program
    .command('generate')
    .description('Write Kubernetes manifests, and the script that applies them, to a folder.')
    .option('--shards <number>', 'shards, each an etcd cluster of its own (default 3)', numberOrText)
    .option('--members <number>', 'etcd members per shard: 1, 3 or 5 (default 3)', numberOrText)
    .option('--first <number>', 'number of the first shard, the home shard (default 1)', numberOrText)
    .option('--sharders <number>', 'sharders at least; the autoscaler adds to them (default 2)', numberOrText)
    .addOption(new Option('--overlay <name>', 'where it runs').choices(Object.keys(overlays)).default('kind'))
    .option('--out <folder>', 'folder to write to', 'deployment_files')
    .option('--name <name>', 'name of the cluster, and its namespace (default vase)')
    .addOption(new Option('--image <image>', "Vase's own image").env('VASE_IMAGE'))
    .option('--etcd-image <image>', "etcd's image; or VASE_ETCD_IMAGE")
    .option('--tls', 'mutual TLS with etcd, from secrets that a provider makes (default with gke)')
    .option('--no-tls', 'no TLS with etcd (default with kind)')
    .option('--topology <file>', 'a YAML file with any field of the topology')
    .option('--force', 'write to a folder that holds other files too', false)
    .option('--json', 'print JSON')
    .action(generate);
}

async function generate(flags: GenerateFlags): Promise<void> {
  const topology = readTopology(flags);
  const files = deploymentFiles({ topology, overlay: overlays[flags.overlay] });
  const folder = path.resolve(flags.out);
  await writeDeploymentFolder(folder, files, { force: flags.force });
  const names = files.map((file) => file.name);
  const script = path.join(folder, 'deploy.sh');
  createPrinter({ json: flags.json === true }).result(
    [
      `${names.length} files in ${folder}`,
      `Apply them with ${script} --context <kubectl context>`,
      ...warnings(topology),
    ].join('\n'),
    { event: 'generated', folder, files: names, warnings: warnings(topology) },
  );
}

function warnings({ viewServers }: Topology): string[] {
  if (viewServers > 0) return [];
  return [
    'There is no view server in them (viewServers: 0), and nothing else in a new cluster writes its view: it serves ' +
      'nothing until one has run once. Generate them with viewServers: 1.',
  ];
}

/** @throws UsageError */
function readTopology(flags: GenerateFlags): Topology {
  const { name, shards, members, first, sharders, tls, image, etcdImage } = flags;
  const file = flags.topology ?? process.env['VASE_TOPOLOGY'];
  return parseTopology(
    mergeTopologies(file ? readTopologyFile(file) : {}, topologyFromEnvironment(process.env), {
      name,
      shards,
      members,
      firstShard: first,
      sharders,
      tls,
      images: { vase: image, etcd: etcdImage },
    }),
  );
}
