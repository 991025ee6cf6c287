/** The usage of a cluster's members and sharders, wherever it runs: from /proc, or from the nodes of kind. */
import type { ClusterStatus } from '../../../cluster/providers/provider.ts';
import { readMachineCpuSeconds, readProcess } from '../../../cluster/host/proc-usage.ts';
import type { ProcessUsage, Usage } from '../../../cluster/host/usage.ts';

/**
 * @param status names the processes; it is taken once, since asking for it costs more than the reading.
 * @param name the name of the cluster, by which kind knows it.
 */
export async function readUsage(status: ClusterStatus, name: string): Promise<Usage> {
  const names = new Map(
    [...status.sharders, ...status.shards.flatMap(({ members }) => members)].map((owner) => [
      owner.name,
      owner.pid,
    ]),
  );
  const [machineCpuSeconds, processes] = await Promise.all([
    readMachineCpuSeconds(),
    status.provider === 'local'
      ? readLocal(names)
      : status.provider === 'kind'
        ? readKind(names, name)
        : new Map(),
  ]);
  return { takenAtMs: performance.now(), machineCpuSeconds, processes };
}

async function readLocal(names: ReadonlyMap<string, number | null>): Promise<Map<string, ProcessUsage>> {
  const usages = await Promise.all(
    [...names].map(async ([name, pid]) => [name, pid === null ? null : await readProcess(pid)] as const),
  );
  return new Map(usages.filter((entry): entry is [string, ProcessUsage] => entry[1] !== null));
}

async function readKind(
  names: ReadonlyMap<string, number | null>,
  cluster: string,
): Promise<Map<string, ProcessUsage>> {
  // Loaded only where it is used, with all that speaks to Kubernetes.
  const { readPods } = await import('../../../cluster/providers/kind/pod-usage.ts');
  return new Map([...(await readPods(cluster))].filter(([name]) => names.has(name)));
}
