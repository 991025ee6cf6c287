/** What an `up` on kind works towards, and the changes that it refuses: those for which a kind cluster must be made anew. */
import { randomUUID } from 'node:crypto';
import { ClusterError } from '../../errors.ts';
import type { Topology } from '../../topology/topology.ts';
import { chooseFreePorts } from '../../host/ports.ts';
import type { KindFolder } from './kind-folder.ts';
import { hashConfiguration, type KindConfiguration, type KindProfile, type KindState } from './kind-state.ts';

export interface KindPlan {
  topology: Topology;
  configuration: KindConfiguration;
  configurationHash: string;
}

/**
 * @param profile null: as the cluster has it, or small.
 * @throws ClusterError for a change that cannot be made.
 */
export async function planKind(
  current: KindState | null,
  topology: Topology,
  { folder, profile }: { folder: KindFolder; profile: KindProfile | null },
): Promise<KindPlan> {
  if (current !== null) refuseImpossibleChange(current, topology, profile);
  const configuration = current?.configuration ?? (await newConfiguration(topology, { folder, profile }));
  return { topology, configuration, configurationHash: hashConfiguration(topology.name, configuration) };
}

async function newConfiguration(
  { ports, images }: Topology,
  { folder, profile }: { folder: KindFolder; profile: KindProfile | null },
): Promise<KindConfiguration> {
  const exclude = new Set([ports.http, ports.view]);
  const free = await chooseFreePorts(2, { startAt: folder.root, exclude });
  return {
    profile: profile ?? 'small',
    nodeImage: images.node,
    httpPort: ports.http || free[0]!,
    viewPort: ports.view || free[1]!,
    id: randomUUID(),
  };
}

function refuseImpossibleChange(current: KindState, topology: Topology, profile: KindProfile | null): void {
  const { configuration: settled, topology: before } = current;
  // 0 asks for any free port: the port that the cluster has is one.
  const wanted: Record<string, [was: unknown, is: unknown]> = {
    'the name': [before.name, topology.name],
    'the profile': [settled.profile, profile ?? settled.profile],
    'the node image': [settled.nodeImage, topology.images.node],
    'port ': [settled.httpPort, topology.ports.http || settled.httpPort],
    'view port': [settled.viewPort, topology.ports.view || settled.viewPort],
    shards: [before.shards, topology.shards],
    firstShard: [before.firstShard, topology.firstShard],
    'etcd.volume': [before.etcd.volume, topology.etcd.volume],
  };
  for (const [what, [was, is]] of Object.entries(wanted)) {
    if (was === is) continue;
    throw new ClusterError(
      `the kind cluster ${before.name} was made with ${what.trim()} ${String(was)}; it cannot change to ${String(is)}`,
      { nextStep: 'Delete it with its data first: `make down`, then `make up` again.' },
    );
  }
}
