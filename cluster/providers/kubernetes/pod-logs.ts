/** The log of a member or sharder in Kubernetes, by the name that `status` shows or by that of its pod. */
import { ClusterError, UsageError } from '../../errors.ts';
import type { LogOptions } from '../provider.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { readLiveObjects, type Pod } from './live-objects.ts';

/** @throws UsageError for an unknown name; it lists the names. */
export async function showLog(cluster: KubernetesCluster, name: string, options: LogOptions): Promise<void> {
  const pod = await findPod(cluster, name);
  const container = pod.spec!.containers[0]!.name;
  const request = { namespace: cluster.instance, pod: pod.metadata.name, container, lines: options.lines };
  if (options.follow) return cluster.client.followLog(request, options);
  options.write(await cluster.client.readLog(request));
}

async function findPod(cluster: KubernetesCluster, name: string): Promise<Pod> {
  const [sharders, { pods }] = await Promise.all([
    cluster.sharders(),
    readLiveObjects(cluster.client, cluster.instance),
  ]);
  const sharder = sharders.find((candidate) => candidate.name === name);
  const pod = sharder?.pod ?? pods.find(({ metadata }) => metadata.name === name);
  if (pod !== undefined) return pod;
  if (sharder !== undefined)
    throw new ClusterError(`${name} does not run, so it has no log`, { nextStep: 'See `make status`.' });
  const others = pods.map(({ metadata }) => metadata.name);
  const names = [...sharders.map((named) => named.name), ...others];
  throw new UsageError(`no log is called ${name}; the names are ${names.toSorted().join(', ')}`);
}
