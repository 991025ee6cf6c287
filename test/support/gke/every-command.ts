/**
 * Every gcloud command that the flow for GKE can issue or shows to users, for two targets. The test with gcloud's own
 * parser goes through them; the tests of the flow check that no other command is ever issued.
 */
import {
  clusterResource,
  getCredentials,
  listOperations,
  waitForOperation,
} from '../../../cluster/providers/gke/resources/cluster-resource.ts';
import { imageResource } from '../../../cluster/providers/gke/resources/image-resource.ts';
import { findLeftovers, leftoverCommands } from '../../../cluster/providers/gke/resources/leftovers.ts';
import { planBasis } from '../../../cluster/providers/gke/plan.ts';
import { preflightCommands } from '../../../cluster/providers/gke/preflight.ts';
import { listApis } from '../../../cluster/providers/gke/resources/project-resources.ts';
import type { CloudCommand, CloudResource } from '../../../cluster/providers/gke/resources/resource.ts';
import { type GkeTarget, parseTarget } from '../../../cluster/providers/gke/resources/target.ts';
import { parseTopology, type Topology } from '../../../cluster/topology/topology.ts';

export const publicTarget = parseTarget({
  project: 'my-project',
  region: 'europe-west1',
  name: 'vase',
  expose: 'public',
  allow: '203.0.113.0/24',
});

/** A region that the price table does not have, and the longest name that a topology may have. */
export const otherTarget = parseTarget({
  project: 'other-project-123',
  region: 'northamerica-northeast1',
  name: 'a-name-of-thirty-two-characters1',
});

export function everyCommand(
  target: GkeTarget,
  topology: Topology = parseTopology({ name: target.name }),
): string[][] {
  const { sizing, resources } = planBasis(target, topology);
  const commands: CloudCommand[] = [
    ...Object.values(preflightCommands).map((command) => command(target)),
    listApis(target),
    ...[...resources, imageResource(target, '0123456789ab')].flatMap(commandsOf),
    ...updateCommands(clusterResource(target, sizing), target),
    listOperations(target),
    waitForOperation(target, 'operation-1'),
    getCredentials(target),
    ...Object.values(leftoverCommands).map((command) => command(target)),
  ];
  return commands.filter(({ program }) => program === 'gcloud').map(({ args }) => [...args]);
}

function commandsOf({ describe, create, remove }: CloudResource): CloudCommand[] {
  return [describe, ...create, ...remove];
}

function updateCommands(cluster: CloudResource, target: GkeTarget): CloudCommand[] {
  const state = cluster.judge({
    status: 'RUNNING',
    workloadIdentityConfig: { workloadPool: `${target.project}.svc.id.goog` },
    networkConfig: { datapathProvider: 'ADVANCED_DATAPATH' },
  });
  if (state.kind !== 'outdated') throw new Error('a cluster without auto-provisioning was to be outdated');
  return [...state.update];
}

/** The commands that users are told to run for leftovers. */
export async function printedDeletions(target: GkeTarget): Promise<string[]> {
  const marked = {
    description: JSON.stringify({
      'kubernetes.io/created-for/pvc/namespace': target.name,
      'kubernetes.io/service-name': `${target.name}/sharder-endpoint`,
    }),
  };
  const thing = { name: 'thing', zone: `z/${target.region}-b`, sizeGb: '10', type: 't/pd-ssd', ...marked };
  const cloud = { look: async () => [thing] } as unknown as Parameters<typeof findLeftovers>[1];
  return (await findLeftovers(target, cloud)).map(({ remove }) => remove);
}
