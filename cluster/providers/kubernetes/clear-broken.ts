/**
 * Makes room for a new attempt after one that failed: Kubernetes waits up to five minutes between two attempts at an
 * image or a crashed container, and keeps a StatefulSet's broken members on their old revision.
 */
import { diagnosePods } from './diagnose-pods.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { readLiveObjects, runs } from './live-objects.ts';
import { waitFor } from './wait-for.ts';

/**
 * Deletes pods that cannot start, and StatefulSets in which no member runs because of that. Volumes stay.
 * @returns names of what was deleted.
 */
export async function clearBroken(cluster: KubernetesCluster, signal: AbortSignal): Promise<string[]> {
  const live = await readLiveObjects(cluster.client, cluster.instance);
  const nowMs = Date.now();
  const faults = diagnosePods({ pods: live.pods, events: [], nowMs, sinceMs: 0 });
  const broken = faults.filter(({ kind }) => kind !== 'unschedulable' && kind !== 'volume');
  const pods = new Set(broken.map(({ pod }) => pod));
  const setOf = (pod: string) => pod.replace(/-\d+$/, '');
  // A set is deleted with all its pods; while a pod runs, minutes pass before the set can be made again under its name.
  const running = new Set(live.pods.filter(runs).map(({ metadata }) => setOf(metadata.name)));
  const sets = live.statefulSets.filter(
    ({ metadata, status }) =>
      (status?.readyReplicas ?? 0) === 0 &&
      !running.has(metadata.name) &&
      [...pods].some((pod) => setOf(pod) === metadata.name),
  );
  const namespace = cluster.instance;
  for (const { metadata } of sets)
    await cluster.client.delete({
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      name: metadata.name,
      namespace,
    });
  for (const name of pods)
    await cluster.client.delete({ apiVersion: 'v1', kind: 'Pod', name, namespace }, { graceSeconds: 0 });
  const uids = new Set(
    live.pods.filter(({ metadata }) => pods.has(metadata.name)).map(({ metadata }) => metadata.uid),
  );
  if (uids.size > 0)
    await waitFor(
      { cluster, signal, sinceMs: nowMs },
      {
        what: 'the broken pods',
        components: [],
        check: async (now) => (now.pods.some(({ metadata }) => uids.has(metadata.uid)) ? null : true),
      },
    );
  return [...sets.map(({ metadata }) => metadata.name), ...pods];
}
