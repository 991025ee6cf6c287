/** The objects of one cluster as Kubernetes has them now, found by their labels: shards that were added later, too. */
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Event, Pod as PodType } from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import type { Labels } from '../../manifests/names.ts';

export type Pod = PodType & ApiObject;
export type LiveStatefulSet = StatefulSet & ApiObject;
export type LiveDeployment = Deployment & ApiObject;
export type LiveEvent = Event & ApiObject;

export interface LiveObjects {
  pods: Pod[];
  /** One for each shard, by the shard's number. */
  statefulSets: LiveStatefulSet[];
  deployments: LiveDeployment[];
}

const instanceLabel = 'app.kubernetes.io/instance';
const componentLabel = 'app.kubernetes.io/component';
const shardLabel = 'vase/shard';

/** @param instance the cluster's name, which is its namespace too. */
export async function readLiveObjects(client: KubernetesClient, instance: string): Promise<LiveObjects> {
  const labels: Labels = { [instanceLabel]: instance };
  const where = { namespace: instance, labels };
  const [pods, statefulSets, deployments] = await Promise.all([
    client.list<Pod>({ apiVersion: 'v1', kind: 'Pod', ...where }),
    client.list<LiveStatefulSet>({ apiVersion: 'apps/v1', kind: 'StatefulSet', ...where }),
    client.list<LiveDeployment>({ apiVersion: 'apps/v1', kind: 'Deployment', ...where }),
  ]);
  return { pods, statefulSets: statefulSets.toSorted((a, b) => shardOf(a)! - shardOf(b)!), deployments };
}

export async function readEvents(client: KubernetesClient, namespace: string): Promise<LiveEvent[]> {
  return client.list<LiveEvent>({ apiVersion: 'v1', kind: 'Event', namespace });
}

/** The number of the shard that an object belongs to; null where it belongs to none. */
export function shardOf({ metadata }: ApiObject): number | null {
  const text = metadata.labels?.[shardLabel];
  return text === undefined ? null : Number(text);
}

export function componentOf({ metadata }: ApiObject): string {
  return metadata.labels?.[componentLabel] ?? '';
}

/** Whether Kubernetes sends requests to the pod. */
export function isReady(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return (pod.status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Whether its one container runs. */
export function runs(pod: Pod): boolean {
  return pod.status?.containerStatuses?.[0]?.state?.running !== undefined;
}

/** Every member runs the newest revision and is ready. */
export function isRolledOut({ metadata, spec, status }: LiveStatefulSet): boolean {
  if (status === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false;
  const wanted = spec?.replicas ?? 1;
  return (
    status.replicas === wanted &&
    status.readyReplicas === wanted &&
    status.currentRevision === status.updateRevision &&
    (status.updatedReplicas ?? status.currentReplicas) === wanted
  );
}

/** Every replica is of the newest template and available, and none of an older one is left. */
export function isDeployed({ metadata, spec, status }: LiveDeployment): boolean {
  if (status === undefined || (status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return false;
  const wanted = spec?.replicas ?? 1;
  const { replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  return replicas === wanted && updatedReplicas === wanted && availableReplicas === wanted;
}
