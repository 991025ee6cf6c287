/**
 * Waits for Kubernetes to start workloads, and gives up as soon as it is known that waiting will not help: a pod whose
 * image is not available, which no node takes, or which crashes again and again, ends the wait within seconds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError } from '../../errors.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import { KubernetesRefusal } from '../../kubernetes/kubernetes-errors.ts';
import { diagnosePods, type PodFault } from './diagnose-pods.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { componentOf, readEvents, readLiveObjects, type LiveObjects } from './live-objects.ts';

const pollMs = 400;
/** Nine members that are restarted three at a time, or images that have to be pulled over a slow line. */
export const waitMsMax = 600_000;
const logLinesMax = 15;

/** The parts of a cluster that waiting needs. */
export type Watched = Pick<KubernetesCluster, 'client' | 'instance'> &
  Partial<Pick<KubernetesCluster, 'placedMsMax'>>;

export interface Waiting {
  cluster: Watched;
  signal: AbortSignal;
  /** Earlier crashes do not count for this wait. */
  sinceMs: number;
}

export interface Awaited<T> {
  /** "the shards", for the message when the time is over. */
  what: string;
  /** Only pods of these components are looked at for faults; all where left out. */
  components?: readonly string[];
  /** Returns what was waited for; null until then. `faults` are the faults that waiting does not mend. */
  check(live: LiveObjects, faults: () => Promise<PodFault[]>): Promise<T | null>;
  /** Whether a fault does not end the wait, and `check` handles it. Left out: each fault ends it. */
  bears?(fault: PodFault): boolean;
}

/** @throws ClusterError with the first fault that waiting does not mend and `bears` does not accept, or when the time is over. */
export async function waitFor<T>(waiting: Waiting, awaited: Awaited<T>): Promise<T> {
  const { cluster, signal } = waiting;
  const deadlineMs = performance.now() + waitMsMax;
  for (;;) {
    signal.throwIfAborted();
    const live = await readLiveObjects(cluster.client, cluster.instance);
    let found: Promise<PodFault[]> | null = null;
    const faults = () => (found ??= findFaults(waiting, awaited, live));
    const result = await awaited.check(live, faults);
    if (result !== null) return result;
    const fault = (await faults()).find((each) => awaited.bears?.(each) !== true);
    if (fault !== undefined) throw await faultError(cluster, fault);
    if (performance.now() >= deadlineMs) throw tooLate(awaited.what, live);
    await sleep(pollMs, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  }
}

async function findFaults(
  { cluster, sinceMs }: Waiting,
  { components }: Pick<Awaited<unknown>, 'components'>,
  live: LiveObjects,
): Promise<PodFault[]> {
  const pods = live.pods.filter((pod) => components?.includes(componentOf(pod)) ?? true);
  // Only a pod that waits without a container asks for the events, of which there may be thousands.
  const stuck = pods.some((pod) => pod.status?.phase === 'Pending');
  const events = stuck ? await readEvents(cluster.client, cluster.instance) : [];
  const { placedMsMax = null } = cluster;
  const patience = placedMsMax === null ? {} : { placedMsMax };
  return diagnosePods({ pods, events, nowMs: Date.now(), sinceMs, ...patience });
}

/** What is wrong and what to do, with the container's last lines where they say why. */
export async function faultError(cluster: Watched, fault: PodFault): Promise<ClusterError> {
  const { what, nextStep, pod, container } = fault;
  if (!fault.hasLog || container === null) return new ClusterError(what, { nextStep });
  const request = { namespace: cluster.instance, pod, container, lines: logLinesMax };
  const previous = await readLog(cluster, { ...request, previous: true });
  const log = previous === '' ? await readLog(cluster, request) : previous;
  const lines = log.split('\n').filter((line) => line !== '');
  return new ClusterError([what, ...lines.map((line) => `  | ${line.slice(0, 400)}`)].join('\n'), {
    nextStep,
  });
}

/** Empty where the log may not be read, as by the view server: the fault is reported without it, too. */
async function readLog(
  { client }: Watched,
  request: Parameters<KubernetesClient['readLog']>[0],
): Promise<string> {
  try {
    return await client.readLog(request);
  } catch (error) {
    if (error instanceof KubernetesRefusal && error.status === 403) return '';
    throw error;
  }
}

function tooLate(what: string, { pods }: LiveObjects): ClusterError {
  const states = pods.map(({ metadata, status }) => {
    const [container] = status?.containerStatuses ?? [];
    const reason = container?.state?.waiting?.reason ?? (container?.ready === true ? 'ready' : 'not ready');
    return `  | ${metadata.name}: ${status?.phase ?? '?'}, ${reason}`;
  });
  return new ClusterError([`${what} are not well after ${waitMsMax / 1000} s:`, ...states].join('\n'), {
    nextStep: 'See `make status` and `make logs NAME=…`; `make up` goes on waiting.',
  });
}
