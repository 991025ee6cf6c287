/**
 * Faults on a kind cluster, for tests: signals to the processes in pods, sent from the nodes. Kubernetes restarts a killed
 * process, at once or after a pause that grows with each crash; `restart` does not wait for that pause.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../errors.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { componentOf, readLiveObjects, runs, type Pod } from '../kubernetes/live-objects.ts';
import { memberNamesOf } from '../kubernetes/read-status.ts';
import type { ClusterStatus, FaultControl, FaultTarget } from '../provider.ts';
import { containerIdOf, signalPod } from './node-processes.ts';

/** Kubernetes learns within about a second that a container has ended. */
const noticeMsMax = 4000;
const pollMs = 200;

export interface FaultSource {
  cluster(): Promise<KubernetesCluster>;
  status(): Promise<ClusterStatus>;
}

export class KindFaults implements FaultControl {
  private readonly source: FaultSource;
  /** The container that `kill` ended, by the target's name. */
  private readonly killed = new Map<string, string>();

  constructor(source: FaultSource) {
    this.source = source;
  }

  async targets(): Promise<FaultTarget[]> {
    const { shards, sharders } = await this.source.status();
    const members = shards.flatMap(({ id, leader, members: all }) =>
      all.map(({ name, process }): FaultTarget => ({
        kind: 'member',
        name,
        shard: id,
        leads: name === leader,
        process,
      })),
    );
    return [
      ...members,
      ...sharders.map(({ name, process }): FaultTarget => ({ kind: 'sharder', name, process })),
    ];
  }

  async kill(name: string): Promise<void> {
    const pod = await this.find(name);
    if (pod === null) return;
    const container = containerIdOf(pod);
    if (container !== null) this.killed.set(name, container);
    await signalPod(pod, 'KILL');
  }

  async pause(name: string): Promise<void> {
    const pod = await this.find(name);
    if (pod !== null) await signalPod(pod, 'STOP');
  }

  async resume(name: string): Promise<void> {
    const pod = await this.find(name);
    if (pod !== null) await signalPod(pod, 'CONT');
  }

  async restart(name: string): Promise<void> {
    const killed = this.killed.get(name);
    this.killed.delete(name);
    const pod = await this.find(name);
    // The pod is missing, or has no container yet: its StatefulSet or Deployment is making it.
    if (pod === null || (killed === undefined && isStarting(pod))) return;
    if (killed !== undefined && (await this.isStartedAgain(name, killed))) return;
    await signalPod(pod, 'KILL');
    const { client, instance } = await this.source.cluster();
    const { apiVersion, kind } = { apiVersion: 'v1', kind: 'Pod' };
    // Nothing runs in the pod any more, and a new pod has no pause left from earlier crashes.
    await client.delete(
      { apiVersion, kind, name: pod.metadata.name, namespace: instance },
      { graceSeconds: 0 },
    );
  }

  /** Whether Kubernetes itself restarts the killed process without a pause. */
  private async isStartedAgain(name: string, killed: string): Promise<boolean> {
    const deadlineMs = performance.now() + noticeMsMax;
    while (performance.now() < deadlineMs) {
      const pod = await this.find(name);
      if (pod === null) return true;
      if (runs(pod) && containerIdOf(pod) !== killed) return true;
      if (waitsAfterCrash(pod)) return false;
      await sleep(pollMs);
    }
    return false;
  }

  /** Null for a name whose pod is missing now. */
  private async find(name: string): Promise<Pod | null> {
    const cluster = await this.source.cluster();
    const { pods, statefulSets, deployments } = await readLiveObjects(cluster.client, cluster.instance);
    if (statefulSets.some((set) => memberNamesOf(set).includes(name)))
      return pods.find(({ metadata }) => metadata.name === name) ?? null;
    const wanted =
      deployments.find((deployment) => componentOf(deployment) === 'sharder')?.spec?.replicas ?? 0;
    const own = pods.filter((pod) => componentOf(pod) === 'sharder');
    const sharder = cluster.sharderNames.assign(own, wanted).find((candidate) => candidate.name === name);
    if (sharder === undefined) throw new UsageError(`no member or sharder is called ${name}`);
    return sharder.pod;
  }
}

function waitsAfterCrash(pod: Pod): boolean {
  return pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff';
}

function isStarting(pod: Pod): boolean {
  return !runs(pod) && !waitsAfterCrash(pod);
}
