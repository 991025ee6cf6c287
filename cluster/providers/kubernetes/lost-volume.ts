/** Finds whether a member's volume is lost, and gives it a new one. Disks outlive their claims: no data are deleted. */
import { ClusterError } from '../../errors.ts';
import { volumeGuardName } from '../../manifests/volume-guard.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import { diagnosePods } from './diagnose-pods.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { isReady, readLiveObjects, runs } from './live-objects.ts';
import { waitFor } from './wait-for.ts';

function claimOf({ instance }: KubernetesCluster, member: string) {
  const name = `data-${member}`;
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', name, namespace: instance };
}

/** @throws ClusterError where neither is known. */
export async function findLostPod(cluster: KubernetesCluster, member: string): Promise<'lost' | 'runs'> {
  const { pods } = await readLiveObjects(cluster.client, cluster.instance);
  const own = pods.filter(({ metadata }) => metadata.name === member);
  if (own.some((pod) => runs(pod) && isReady(pod))) return 'runs';
  if ((await cluster.client.read(claimOf(cluster, member))) === null) return 'lost';
  const [fault] = diagnosePods({ pods: own, events: [], nowMs: Date.now(), sinceMs: 0 });
  if (fault?.container === volumeGuardName && fault.what.includes('is empty')) return 'lost';
  throw new ClusterError(
    `the volume of ${member} is not known to be lost${fault === undefined ? '' : `: ${fault.what}`}`,
    { nextStep: `See \`make logs NAME=${member}\`. One that cannot be mended is lost without its claim.` },
  );
}

/**
 * Lets the pod start on a new volume. A pod that is made while its old claim is terminating waits for that claim, and gets
 * no volume: such pods are deleted until the pod has a new claim.
 */
export async function renewPod(
  cluster: KubernetesCluster,
  member: string,
  signal: AbortSignal,
): Promise<void> {
  const { client, instance } = cluster;
  const claim = claimOf(cluster, member);
  const before = (await client.read<ApiObject>(claim))?.metadata.uid;
  await client.delete(claim);
  await waitFor(
    { cluster, signal, sinceMs: Date.now() },
    {
      what: `the new claim of ${member}`,
      components: [],
      check: async ({ pods }) => {
        const now = await client.read<ApiObject>(claim);
        if (now !== null && now.metadata.uid !== before) return true;
        const pod = pods.find(({ metadata }) => metadata.name === member);
        if (pod !== undefined && pod.metadata.deletionTimestamp === undefined)
          await client.delete(
            { apiVersion: 'v1', kind: 'Pod', name: member, namespace: instance },
            { graceSeconds: 0 },
          );
        return null;
      },
    },
  );
}
