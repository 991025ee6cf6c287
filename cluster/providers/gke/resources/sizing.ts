/**
 * The processors, memory and disks that a cluster's objects request from Google, added up from the objects themselves, so
 * that the sums cannot differ from what is applied.
 */
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.d.ts';
import type { PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { KubernetesObject } from '../../../manifests/validate-object.ts';
import { byteCount, milliCores } from '../../../topology/quantity.ts';

export interface Sizing {
  /** Requests of all pods, with the least and the largest number of sharders that the autoscaler may choose. */
  pods: { cores: number; memoryGiB: number };
  podsMax: { cores: number; memoryGiB: number };
  /** Disks of the members. */
  volumes: { count: number; gib: number };
  /** Machines that exist before any of Vase's pods: one in each of three zones, for GKE's own pods. */
  systemNodes: { count: number; cores: number };
  /** Machines for the pods, estimated. */
  podNodes: { cores: number; coresMax: number };
  /** Bounds of node auto-provisioning: a fault must not grow into a bill. */
  limits: { cores: number; memoryGiB: number };
}

export const machineType = 'e2-standard-2';
const machineCores = 2;
const memoryGiBPerCore = 4;
const zones = 3;
export const systemDiskGiB = 30;

/**
 * A machine of two cores has 1.93 to give, of which GKE's own agents request some 0.4: room for one member. So the bill
 * has up to two cores for each core that pods request.
 */
const nodeCoresPerPodCore = 2;

const gib = 2 ** 30;

export function sizingOf(objects: readonly KubernetesObject[]): Sizing {
  const least = { cores: 0, memoryGiB: 0 };
  const most = { cores: 0, memoryGiB: 0 };
  const volumes = { count: 0, gib: 0 };
  for (const object of objects) {
    const pod = podOf(object);
    if (pod === null) continue;
    const { min, max } = replicasOf(object, objects);
    add(least, pod, min);
    add(most, pod, max);
    for (const bytes of volumeSizes(object)) {
      volumes.count += min;
      volumes.gib += (min * bytes) / gib;
    }
  }
  const systemNodes = { count: zones, cores: zones * machineCores };
  const podNodes = {
    cores: Math.ceil(least.cores * nodeCoresPerPodCore),
    coresMax: Math.ceil(most.cores * nodeCoresPerPodCore),
  };
  const cores = systemNodes.cores + podNodes.coresMax;
  const limits = { cores, memoryGiB: cores * memoryGiBPerCore };
  return { pods: least, podsMax: most, volumes, systemNodes, podNodes, limits };
}

function podOf(object: KubernetesObject): PodSpec | null {
  if (object.kind !== 'StatefulSet' && object.kind !== 'Deployment') return null;
  return (object as unknown as StatefulSet | Deployment).spec!.template.spec!;
}

/** For a Deployment that sets no number of replicas, its autoscaler sets it. */
function replicasOf(
  object: KubernetesObject,
  objects: readonly KubernetesObject[],
): { min: number; max: number } {
  const autoscaler = objects.find(
    ({ kind, metadata }) => kind === 'HorizontalPodAutoscaler' && metadata.name === object.metadata.name,
  ) as unknown as HorizontalPodAutoscaler | undefined;
  const replicas = (object as unknown as StatefulSet).spec!.replicas ?? 1;
  const spec = autoscaler?.spec;
  return { min: spec?.minReplicas ?? replicas, max: spec?.maxReplicas ?? replicas };
}

function add(sum: { cores: number; memoryGiB: number }, pod: PodSpec, replicas: number): void {
  for (const { resources } of pod.containers) {
    const requests = resources?.requests ?? {};
    if (requests['cpu'] !== undefined) sum.cores += (replicas * milliCores(requests['cpu'])) / 1000;
    if (requests['memory'] !== undefined) sum.memoryGiB += (replicas * byteCount(requests['memory'])) / gib;
  }
}

function volumeSizes(object: KubernetesObject): number[] {
  const claims = (object as unknown as StatefulSet).spec?.volumeClaimTemplates ?? [];
  return claims.map(({ spec }) => byteCount(spec!.resources!.requests!['storage']!));
}
