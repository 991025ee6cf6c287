/**
 * Waits for each shard until it serves or is given up. A quorum of its members serves a shard that has run before; without one
 * it is dead. What is wrong is reported. A shard is given up when Kubernetes reports a fault of its pods that waiting does not
 * mend, or when nothing has changed about its pods for long.
 */
import type { ViewShard } from '../../../sharder/core/view.ts';
import { describeDeadShard } from '../dead-shard.ts';
import type { Problem } from '../provider.ts';
import type { PodFault } from './diagnose-pods.ts';
import { findLeader } from './find-leaders.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import {
  isReady,
  isRolledOut,
  runs,
  shardOf,
  type LiveObjects,
  type LiveStatefulSet,
} from './live-objects.ts';
import { memberEndpoint, memberNamesOf } from './read-status.ts';
import { faultError, waitFor, waitMsMax, type Watched } from './wait-for.ts';

/** A member needs less to read a long log back, or to be killed and started again because it hangs. */
const quietMsMax = 120_000;
/** For pods that have no container yet: their nodes and volumes may take until then. */
const pendingMsMax = 0.9 * waitMsMax;

export interface ShardStanding extends ViewShard {
  /** The member that is leader; null: the shard is dead. */
  leader: string | null;
  /** What is wrong with it. */
  problems: Problem[];
}

export interface ShardWait {
  cluster: Watched & Pick<KubernetesCluster, 'members'>;
  signal: AbortSignal;
  sinceMs: number;
  /** The least number of StatefulSets, once all have come. */
  countMin: number;
  home: number;
  /** Whether a shard may be left dead: it has run before, and its objects have not changed. */
  mayBeDead(id: number): boolean;
  /** How long nothing may change about a shard whose pods all run. */
  quietMsMax?: number;
}

/** @throws ClusterError for a fault of a shard that may not be dead, or when the time is over. */
export async function awaitShards(wait: ShardWait): Promise<ShardStanding[]> {
  const { cluster, signal, sinceMs, countMin } = wait;
  const watches = new Map<number, ShardWatch>();
  return waitFor(
    { cluster, signal, sinceMs },
    {
      what: 'the shards',
      components: ['etcd'],
      bears: ({ pod }) => wait.mayBeDead(Number(/^etcd-([0-9]+)-/.exec(pod)?.[1])),
      check: async (live, findFaults) => {
        if (live.statefulSets.length < countMin) return null;
        const faults = await findFaults();
        const standings = await Promise.all(
          live.statefulSets.map((set) => {
            const id = shardOf(set)!;
            const watch = watches.get(id) ?? new ShardWatch(wait.quietMsMax ?? quietMsMax);
            watches.set(id, watch);
            watch.see(set, live, faults);
            return judge(wait, set, watch);
          }),
        );
        return standings.every((standing) => standing !== null) ? standings : null;
      },
    },
  );
}

type Pod = LiveObjects['pods'][number];

/** What the wait remembers of a shard between two looks. */
class ShardWatch {
  pods = new Map<string, Pod>();
  /** By member. A container that crashes runs between its crashes: a fault stands until the pod is well or replaced. */
  readonly faults = new Map<string, PodFault & { uid: string }>();
  private readonly quietMsMax: number;
  private mark = '';
  private changedAtMs = performance.now();

  constructor(quiet: number) {
    this.quietMsMax = quiet;
  }

  see(set: LiveStatefulSet, { pods }: LiveObjects, faults: readonly PodFault[]): void {
    const names = memberNamesOf(set);
    const own = pods.filter(
      ({ metadata }) => names.includes(metadata.name) && metadata.deletionTimestamp === undefined,
    );
    this.pods = new Map(own.map((pod) => [pod.metadata.name, pod]));
    for (const [name, { uid }] of this.faults) {
      const pod = this.pods.get(name);
      if (pod === undefined || pod.metadata.uid !== uid || isReady(pod)) this.faults.delete(name);
    }
    for (const fault of faults) {
      const pod = this.pods.get(fault.pod);
      if (pod !== undefined && !isReady(pod))
        this.faults.set(fault.pod, { ...fault, uid: pod.metadata.uid! });
    }
    const mark = JSON.stringify([set.metadata.generation, set.status, own.map(markOf)]);
    if (mark === this.mark) return;
    this.mark = mark;
    this.changedAtMs = performance.now();
  }

  isQuiet(): boolean {
    const isPending = [...this.pods.values()].some((pod) => !runs(pod));
    return performance.now() - this.changedAtMs >= (isPending ? pendingMsMax : this.quietMsMax);
  }

  isReady(member: string): boolean {
    const pod = this.pods.get(member);
    return pod !== undefined && isReady(pod);
  }
}

function markOf(pod: Pod): unknown[] {
  const { containerStatuses = [] } = pod.status ?? {};
  return [pod.metadata.uid, isReady(pod), containerStatuses.map(({ restartCount }) => restartCount)];
}

/** Null while the shard may still come up. */
async function judge(
  wait: ShardWait,
  set: LiveStatefulSet,
  watch: ShardWatch,
): Promise<ShardStanding | null> {
  const { cluster } = wait;
  const id = shardOf(set)!;
  const names = memberNamesOf(set);
  const endpoints = names.map((name) => memberEndpoint(cluster.instance, id, name));
  if (isRolledOut(set)) {
    const leader = await findLeader(cluster, set);
    if (leader !== null) return { id, endpoints, leader, problems: [] };
  }
  if (!wait.mayBeDead(id)) return null;
  const rest = names.filter((name) => !watch.faults.has(name));
  const ready = rest.filter((name) => watch.isReady(name));
  const isQuorum = (members: readonly string[]) => members.length > names.length / 2;
  const isLost = !isQuorum(rest);
  const isSettled = isLost || watch.isQuiet() || (watch.faults.size > 0 && ready.length === rest.length);
  if (!isSettled) return null;
  const leader = isQuorum(ready) ? await findLeader(cluster, set, ready) : null;
  if (leader === null && !isLost && !watch.isQuiet()) return null;
  const problems = [
    ...(await Promise.all([...watch.faults.values()].map((fault) => describeFault(cluster, fault)))),
    ...rest
      .filter((name) => !ready.includes(name))
      .map((name) => describeUnready(name, watch.pods.get(name))),
  ];
  if (leader === null) {
    const running = names.filter((name) => !watch.faults.has(name) && isRunning(watch.pods.get(name))).length;
    problems.unshift(describeDeadShard({ id, isHome: id === wait.home, running, members: names.length }));
  }
  return { id, endpoints, leader, problems };
}

function isRunning(pod: Pod | undefined): boolean {
  return pod !== undefined && runs(pod);
}

async function describeFault(cluster: Watched, fault: PodFault): Promise<Problem> {
  const { message, nextStep } = await faultError(cluster, fault);
  return { what: message, fix: nextStep! };
}

function describeUnready(name: string, pod: Pod | undefined): Problem {
  const what = isRunning(pod) ? 'runs and is not ready' : 'does not run';
  return { what: `${name} ${what}`, fix: `See \`make logs NAME=${name}\`; \`make up\` waits for it again.` };
}
