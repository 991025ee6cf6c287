/**
 * Destroys a cluster: first the resources that Kubernetes made outside of itself, then the others in the reverse of the order
 * in which they were made. Disks with data are kept, and reported. The next run continues a run that was stopped anywhere.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../../errors.ts';
import { sharderEndpointName } from '../../manifests/names.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { counted, type Step } from '../steps.ts';
import type { Cloud } from './resources/cloud.ts';
import { fetchCredentials } from './deploy.ts';
import { removeResource } from './resources/ensure-resource.ts';
import type { GkeFiles } from './gke-files.ts';
import { findLeftovers, type Leftover } from './resources/leftovers.ts';
import { commandLine, type CloudResource } from './resources/resource.ts';
import type { SurveyedResource } from './resources/survey.ts';
import { stateOf } from './resources/survey.ts';
import { type GkeTarget, namesOf } from './resources/target.ts';

export interface Destroying {
  target: GkeTarget;
  cloud: Cloud;
  files: GkeFiles;
  signal: AbortSignal;
  retryDelayMs: number;
  /** Set by the last step. */
  leftovers: Leftover[];
}

/** Google takes a balancer's parts away within a minute or two of the service. */
const balancerTriesMax = 30;

/** @param resources in the order in which they are made. */
export function destroySteps(resources: readonly CloudResource[]): Step<Destroying>[] {
  const cluster = resources.find(({ id }) => id === 'cluster')!;
  const removable = resources.filter(({ remove }) => remove.length > 0).toReversed();
  return [
    { title: 'Take the load balancer away', run: (destroying) => removeBalancer(destroying, cluster) },
    ...removable.map((resource): Step<Destroying> => ({
      title: `Delete ${resource.title.split(',')[0]}`,
      run: (destroying) => removeResource(destroying, resource),
    })),
    { title: 'Look for what is left', run: leftoverStep },
  ];
}

/** What would be deleted, in order, without what stays. */
export function plannedRemovals(
  surveyed: readonly SurveyedResource[],
): { title: string; commands: string[] }[] {
  return surveyed
    .filter(({ resource, state }) => resource.remove.length > 0 && state.kind !== 'missing')
    .map(({ resource }) => ({
      title: resource.title,
      commands: resource.remove.map((command) => commandLine(command)),
    }))
    .toReversed();
}

/** Kubernetes can delete the balancer only while the cluster runs; afterwards nothing would delete it. */
async function removeBalancer(destroying: Destroying, resource: CloudResource): Promise<string> {
  const { target, cloud, files } = destroying;
  const { kind } = await stateOf(cloud, resource);
  if (kind !== 'there' && kind !== 'outdated') return 'the cluster does not run';
  await fetchCredentials(target, { cloud, files });
  const { context } = namesOf(target);
  const cluster = await KubernetesCluster.connect({
    kubeconfig: files.kubeconfig,
    context,
    instance: target.name,
  });
  try {
    const name = { apiVersion: 'v1', kind: 'Service', name: sharderEndpointName, namespace: target.name };
    if (!(await cluster.client.delete(name))) return 'there was none';
  } finally {
    await cluster.close();
  }
  await awaitBalancerGone(destroying);
  return 'deleted';
}

async function awaitBalancerGone({ target, cloud, signal, retryDelayMs }: Destroying): Promise<void> {
  for (let tries = 1; ; tries++) {
    const leftovers = await findLeftovers(target, cloud);
    if (!leftovers.some(({ kind }) => kind === 'load balancer')) return;
    if (tries === balancerTriesMax) {
      throw new ClusterError('Google has not taken the load balancer away', {
        nextStep: 'Run this again later; it continues. Without the cluster, nobody takes it away any more.',
      });
    }
    await sleep(retryDelayMs, undefined, { signal });
  }
}

async function leftoverStep(destroying: Destroying): Promise<string> {
  destroying.leftovers = await findLeftovers(destroying.target, destroying.cloud);
  return destroying.leftovers.length === 0 ? 'nothing' : counted(destroying.leftovers.length, 'thing');
}
