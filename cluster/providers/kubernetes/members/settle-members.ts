/**
 * `up`'s part in the members of shards: it continues a member change that was begun, and replaces lost members when asked to.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../../errors.ts';
import type { Blueprint } from '../../../manifests/overlay.ts';
import type { Problem } from '../../provider.ts';
import { changeOf, describeBegun, type BegunChange } from '../begun-change.ts';
import { readIdentity } from '../formed-shards.ts';
import type { KubernetesCluster } from '../kubernetes-cluster.ts';
import { readLiveObjects, shardOf, type LiveStatefulSet } from '../live-objects.ts';
import { findLostPod } from '../lost-volume.ts';
import { memberNamesOf } from '../read-status.ts';
import { replaceMember } from '../replace-member.ts';
import { addMember } from './add-member.ts';
import type { MemberChange } from './member-change.ts';
import { removeMember } from './remove-member.ts';

/** A pod that is tried again reports nothing about its volume until its guard has ended once more. */
const lostMsMax = 20_000;
const pollMs = 500;

export interface Settling {
  cluster: KubernetesCluster;
  blueprint: Blueprint;
  /** Whether members whose volumes are lost are replaced. */
  replaceLost: boolean;
  signal: AbortSignal;
}

export interface Settled {
  /** "added: etcd-1-1" */
  done: string[];
  /** What could not be done. */
  problems: Problem[];
}

/** @param alive shards that have a leader. Members of one shard are settled in turn, since etcd takes one learner at a time. */
export async function settleMembers(settling: Settling, alive: ReadonlySet<number>): Promise<Settled> {
  const { cluster } = settling;
  const { statefulSets } = await readLiveObjects(cluster.client, cluster.instance);
  const sets = statefulSets.filter((set) => alive.has(shardOf(set)!));
  const settled = await Promise.all(sets.map((set) => settleShard(settling, set)));
  return {
    done: settled.flatMap(({ done }) => done),
    problems: settled.flatMap(({ problems }) => problems),
  };
}

async function settleShard(settling: Settling, set: LiveStatefulSet): Promise<Settled> {
  const { cluster, replaceLost } = settling;
  const settled: Settled = { done: [], problems: [] };
  const shard = shardOf(set)!;
  const identity = await readIdentity(cluster, shard);
  if (identity === null) return settled;
  const begun = changeOf(shard, identity);
  if (begun !== null) await note(settled, settling, { shard, begun, names: memberNamesOf(set) });
  if (!replaceLost || settled.problems.length > 0) return settled;
  for (const name of await findLost(settling, memberNamesOf(set))) {
    const lost = { name, kind: 'replacing' as const, what: '', goOn: `vase member replace ${name}` };
    await note(settled, settling, { shard, begun: lost, names: memberNamesOf(set) });
  }
  return settled;
}

/** The members known to be lost in time. The later wait for the shard reports the others. */
async function findLost({ cluster, signal }: Settling, names: readonly string[]): Promise<string[]> {
  const untilMs = performance.now() + lostMsMax;
  for (;;) {
    signal.throwIfAborted();
    const found = await Promise.all(names.map((name) => lookAt(cluster, name)));
    if (!found.includes('unknown') || performance.now() > untilMs)
      return names.filter((_, index) => found[index] === 'lost');
    await delay(pollMs, undefined, { signal });
  }
}

async function lookAt(cluster: KubernetesCluster, name: string): Promise<'lost' | 'runs' | 'unknown'> {
  try {
    return await findLostPod(cluster, name);
  } catch (error) {
    if (error instanceof ClusterError) return 'unknown';
    throw error;
  }
}

async function note(
  settled: Settled,
  { cluster, blueprint, signal }: Settling,
  { shard, begun, names }: { shard: number; begun: BegunChange; names: readonly string[] },
): Promise<void> {
  const options = { signal, report: () => undefined };
  const change: MemberChange = { cluster, blueprint, shard, name: begun.name, options };
  const ways = {
    adding: () => addMember(change),
    leaving: () => removeMember(change),
    replacing: () => replaceMember({ cluster, shard, names, name: begun.name, options }),
  };
  const done = { adding: 'added', leaving: 'removed', replacing: 'replaced' };
  try {
    await ways[begun.kind]();
    settled.done.push(`${done[begun.kind]}: ${begun.name}`);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ClusterError)) throw error;
    settled.problems.push({ what: error.message, fix: error.nextStep ?? describeBegun(begun).fix });
  }
}
