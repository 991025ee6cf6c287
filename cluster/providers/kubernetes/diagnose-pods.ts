/**
 * Why pods do not run, read from what Kubernetes says of them: a pure function. A problem that waiting does not mend is a
 * fault and ends an `up` within seconds; other problems are only shown when the time is over.
 */
import { volumeGuardName } from '../../manifests/volume-guard.ts';
import { shardOf, type LiveEvent, type Pod } from './live-objects.ts';

export interface PodFault {
  pod: string;
  container: string | null;
  kind: 'image' | 'setting' | 'crash' | 'unschedulable' | 'volume';
  /** One sentence without a full stop. */
  what: string;
  nextStep: string;
  /** Whether the container's last lines say more. */
  hasLog: boolean;
}

export interface Sight {
  pods: readonly Pod[];
  events: readonly LiveEvent[];
  nowMs: number;
  /** Crashes before this moment have another cause: a nemesis, or an `up` that failed. */
  sinceMs: number;
  /** How long a pod may be without a node or a volume before that is a fault; longer where nodes are made for pods. */
  placedMsMax?: number;
}

/** A pod for which no node has room waits for those that are ending. */
const unschedulableMsMax = 8000;
/**
 * Kubernetes may refuse a node a volume for a pod that it has just been given, and grant it on a later try: it is a fault
 * only when the volume still cannot be mounted this long after its pod was made. The same holds for a pod that waits for
 * its volume to be made, or for a node that has just come.
 */
const mountMsMax = 30_000;
/** What Kubernetes says where waiting makes no room. */
const withoutRoom = /Insufficient|Too many pods/;
/** A second end of a container by itself is no accident of its start. */
const crashesMax = 2;

/** The exit code of the volume guard for a volume that is not the member's. */
const volumeRefusal = 1;

const imageReasons = new Set(['ErrImagePull', 'ImagePullBackOff', 'ErrImageNeverPull', 'InvalidImageName']);
const settingReasons = new Set(['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError']);

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

/** The faults of all pods, at most one for each pod, in the order of the pods. */
export function diagnosePods(sight: Sight): PodFault[] {
  return sight.pods.flatMap((pod) => diagnosePod(pod, sight) ?? []);
}

function diagnosePod(pod: Pod, sight: Sight): PodFault | null {
  if (pod.metadata.deletionTimestamp !== undefined) return null;
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  // An init container that has ended well is done, however often it was tried before.
  const pending = initContainerStatuses.filter(({ state }) => state?.terminated?.exitCode !== 0);
  for (const status of [...pending, ...containerStatuses]) {
    const fault = refusedVolume(pod, status) ?? waitingFault(pod, status) ?? crashFault(pod, status, sight);
    if (fault !== null) return fault;
  }
  return schedulingFault(pod, sight) ?? volumeFault(pod, sight);
}

function waitingFault(pod: Pod, { name, image, state }: ContainerStatus): PodFault | null {
  const { reason = '', message = '' } = state?.waiting ?? {};
  const fault = { pod: pod.metadata.name, container: name, hasLog: false };
  if (imageReasons.has(reason)) {
    return {
      ...fault,
      kind: 'image',
      what: `${fault.pod} cannot get its image ${image}: ${shorten(message || reason)}`,
      nextStep:
        'Name an image that can be had (VASE_ETCD_IMAGE, VASE_BASE_IMAGE, VASE_IMAGE), then run `make up` again.',
    };
  }
  if (!settingReasons.has(reason)) return null;
  return {
    ...fault,
    kind: 'setting',
    what: `the container ${name} of ${fault.pod} cannot be made: ${shorten(message || reason)}`,
    nextStep: 'Mend what it names, then run `make up` again.',
  };
}

/** What the volume guard has said: what is wrong, and what to do. Its first end is no accident. */
function refusedVolume(pod: Pod, { name, state, lastState }: ContainerStatus): PodFault | null {
  if (name !== volumeGuardName || state?.running !== undefined) return null;
  const { exitCode, message = '' } = state?.terminated ?? lastState?.terminated ?? {};
  const lines = message.trimEnd().split('\n');
  if (exitCode !== volumeRefusal || lines.length !== 2) return null;
  const [what, nextStep] = lines as [string, string];
  return { pod: pod.metadata.name, container: name, kind: 'crash', what, nextStep, hasLog: false };
}

function crashFault(pod: Pod, status: ContainerStatus, { sinceMs }: Sight): PodFault | null {
  const { name, restartCount, state, lastState } = status;
  const ended = state?.terminated ?? lastState?.terminated;
  const endedMs = ended?.finishedAt === undefined ? 0 : Date.parse(ended.finishedAt);
  const isLoop = state?.waiting?.reason === 'CrashLoopBackOff' || restartCount >= crashesMax;
  if (!isLoop || state?.running !== undefined || endedMs < sinceMs) return null;
  const code = ended?.exitCode === undefined ? '' : ` with exit code ${ended.exitCode}`;
  const why = ended?.reason === 'OOMKilled' ? ': it wanted more memory than it may have' : code;
  return {
    pod: pod.metadata.name,
    container: name,
    kind: 'crash',
    what: `${pod.metadata.name} starts and ends again and again${why}`,
    nextStep: 'Its last lines say why; mend that, then run `make up` again.',
    hasLog: true,
  };
}

function schedulingFault(pod: Pod, { nowMs, placedMsMax = unschedulableMsMax }: Sight): PodFault | null {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return null;
  const patienceMs = withoutRoom.test(condition.message ?? '')
    ? placedMsMax
    : Math.max(placedMsMax, mountMsMax);
  if (nowMs - Date.parse(pod.metadata.creationTimestamp ?? '') < patienceMs) return null;
  const shard = shardOf(pod);
  return {
    pod: pod.metadata.name,
    container: null,
    kind: 'unschedulable',
    what: `no node takes ${pod.metadata.name}: ${shorten(condition.message ?? '')}`,
    nextStep:
      shard === null
        ? 'Ask for fewer sharders or for less (resources.sharder), then run `make up` again.'
        : 'Ask for fewer shards or members or for less (resources.etcd), then run `make up` again.',
    hasLog: false,
  };
}

function volumeFault(
  pod: Pod,
  { events, nowMs, sinceMs, placedMsMax = unschedulableMsMax }: Sight,
): PodFault | null {
  const createdMs = Date.parse(pod.metadata.creationTimestamp ?? '');
  if (nowMs - createdMs < placedMsMax) return null;
  if ((pod.status?.containerStatuses ?? []).some(({ state }) => state?.running !== undefined)) return null;
  const event = events.find(
    ({ involvedObject, reason, lastTimestamp }) =>
      involvedObject.name === pod.metadata.name &&
      (reason === 'FailedMount' || reason === 'FailedAttachVolume') &&
      Date.parse(lastTimestamp ?? '') >= Math.max(sinceMs, createdMs + mountMsMax),
  );
  if (event === undefined) return null;
  return {
    pod: pod.metadata.name,
    container: null,
    kind: 'volume',
    what: `${pod.metadata.name} cannot have its volume: ${shorten(event.message ?? '')}`,
    nextStep: 'Mend what it names, then run `make up` again.',
    hasLog: false,
  };
}

function shorten(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 300);
}
