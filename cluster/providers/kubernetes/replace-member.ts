/**
 * Replaces a member whose volume is lost with a new one of the same name: the view stays as it is. The order keeps promises:
 * the member that has promised leaves first, only then may its pod start on an empty volume, and that permission is taken
 * back before the new member votes.
 */
import { shardName } from '../../../sharder/core/view.ts';
import {
  addLearner,
  asHex,
  listEtcdMembers,
  promoteLearner,
  removeEtcdMember,
  type EtcdMember,
} from '../../etcd/member-api.ts';
import { ClusterError } from '../../errors.ts';
import { etcdPorts } from '../../manifests/names.ts';
import type { ShardIdentity } from '../../manifests/shard-identity.ts';
import { goInRounds, isNear, RoundsProgress } from '../member-rounds.ts';
import type { MemberOptions } from '../provider.ts';
import { readIdentity, writeIdentity } from './formed-shards.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { findLostPod, renewPod } from './lost-volume.ts';
import { findShardLeader, hostOf, statusOf } from './shard-members.ts';

const pollMs = 500;
/** A node may have to fetch an image. */
const patienceMs = 120_000;

export interface Replacement {
  cluster: KubernetesCluster;
  shard: number;
  /** All names of the shard's members. */
  names: readonly string[];
  name: string;
  options: MemberOptions;
}

/**
 * @returns what has been done, a sentence.
 * @throws ClusterError where it is not known to be lost, its shard has no quorum without it, or there is no progress.
 */
export async function replaceMember(replacement: Replacement): Promise<string> {
  const { cluster, shard, name } = replacement;
  const identity = await readIdentity(cluster, shard);
  if (identity === null)
    throw new ClusterError(`${shardName(shard)} has not been formed yet`, { nextStep: 'Run `make up`.' });
  if (!identity.joining.includes(name)) {
    const { url, own } = await demandQuorumWithout(replacement);
    // A call that was cut short has left this learner. It has promised nothing.
    if (own?.isLearner !== true && (await findLostPod(cluster, name)) === 'runs')
      return `${name} runs on its own data: nothing is replaced.`;
    await letGo(replacement, { url, own, identity });
  }
  await join(replacement, identity);
  return `${name} is a member of ${shardName(shard)} again, and has all data of it.`;
}

/** Removes the earlier member before its pod may start on an empty volume: etcd would take the new one for the old one. */
async function letGo(
  { cluster, shard, name, options }: Replacement,
  { url, own, identity }: { url: string; own: EtcdMember | undefined; identity: ShardIdentity },
): Promise<void> {
  if (own !== undefined) {
    options.report(`removing the earlier ${name} (${asHex(own.id)}) from ${shardName(shard)}`);
    await told(name, removeEtcdMember(url, own.id));
  }
  await writeIdentity(cluster, shard, { ...identity, joining: [...identity.joining, name] });
}

async function join(replacement: Replacement, identity: ShardIdentity): Promise<void> {
  const { name, shard, options } = replacement;
  const { signal, report } = options;
  const progress = new RoundsProgress(report);
  const round = { identity, progress, isAdded: false, isRenewed: false, isTakenBack: false };
  const fault = `${name} does not come to its vote in ${shardName(shard)}`;
  const goOn = `vase member replace ${name}`;
  const rounds = { fault, goOn, patienceMs, pollMs, signal, progress };
  await goInRounds(rounds, () => nextStep(replacement, round));
}

interface Round {
  identity: ShardIdentity;
  progress: RoundsProgress;
  /** Whether this call has added the learner: an earlier learner may have lost its volume again, and etcd would wait for ever. */
  isAdded: boolean;
  /** Whether this call has made the pod start anew. */
  isRenewed: boolean;
  /** Whether this call has withdrawn the permission to start on an empty volume. */
  isTakenBack: boolean;
}

/** Returns true when the new member has its vote. */
async function nextStep(replacement: Replacement, round: Round): Promise<boolean> {
  const { cluster, shard, names, name, options } = replacement;
  const { progress, identity } = round;
  const leader = await findShardLeader(cluster, shard, names);
  if (leader === null) throw new Error(`nothing leads ${shardName(shard)}`);
  const own = ownIn(await listEtcdMembers(leader.url), replacement);
  if (own === undefined) {
    progress.tell(`adding ${name} to ${shardName(shard)} as a learner`);
    await addLearner(leader.url, peerUrlOf(replacement));
    round.isAdded = true;
    return false;
  }
  if (!own.isLearner) {
    // A new leader may not have applied the entry yet that removed the earlier member.
    if (!round.isTakenBack) throw new Error(`etcd still lists the earlier ${name}`);
    progress.tell(`${name} has its vote`);
    return true;
  }
  const status = await statusOf(cluster, shard, name);
  if (status === null && !round.isAdded) {
    progress.tell(`removing what an earlier call had added (${asHex(own.id)})`);
    await removeEtcdMember(leader.url, own.id);
    return false;
  }
  if (status === null && !round.isRenewed) {
    progress.tell(`starting ${name} on a new volume`);
    await renewPod(cluster, name, options.signal);
    round.isRenewed = true;
    return false;
  }
  if (status === null) throw new Error(`${name} does not answer`);
  if (!isNear(name, status, leader.status, progress)) return false;
  await writeIdentity(cluster, shard, {
    ...identity,
    joining: identity.joining.filter((each) => each !== name),
  });
  round.isTakenBack = true;
  await promoteLearner(leader.url, own.id);
  return false;
}

/** @throws ClusterError */
async function demandQuorumWithout(
  replacement: Replacement,
): Promise<{ url: string; own: EtcdMember | undefined }> {
  const { cluster, shard, names, name } = replacement;
  const others = names.filter((each) => each !== name);
  const leader = await findShardLeader(cluster, shard, others);
  if (leader === null || leader.followers.length <= names.length / 2)
    throw new ClusterError(
      `${shardName(shard)} has no quorum without ${name}: ${leader?.followers.length ?? 0} of its ` +
        `${names.length} members would be left to give it the data`,
      { nextStep: 'Bring the others up with `make up`.' },
    );
  return { url: leader.url, own: ownIn(await told(name, listEtcdMembers(leader.url)), replacement) };
}

/** Shows the user etcd's error about a change, with the command that continues. */
async function told<T>(name: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new ClusterError((error as Error).message, {
      nextStep: `\`vase member replace ${name}\` goes on from here.`,
      cause: error,
    });
  }
}

function peerUrlOf({ cluster, shard, name }: Replacement): string {
  return `http://${hostOf(cluster.instance, shard, name)}:${etcdPorts.peer}`;
}

function ownIn(list: readonly EtcdMember[], replacement: Replacement): EtcdMember | undefined {
  return list.find(({ peerURLs }) => peerURLs.includes(peerUrlOf(replacement)));
}
