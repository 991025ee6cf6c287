/**
 * Replaces a member whose data are lost with a new, empty one of the same name and ports: the view stays as it is. A member
 * whose data may still be good is never touched.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { listEtcdMembers, type EtcdMember } from '../../../etcd/member-api.ts';
import { ClusterError } from '../../../errors.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import { askMembers, type MemberAnswer } from '../processes/ask-members.ts';
import type { MemberState, ShardState } from '../state/cluster-state.ts';
import { joinMember, type Joining } from './join-member.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { clientUrl, peerUrl, startMember } from '../processes/local-shard.ts';
import { died, keepsRunning, waitFor } from '../processes/managed-process.ts';
import { findDeleted, findLoss, isQuorum } from '../processes/member-loss.ts';
import { processState, stopProcess } from '../../../host/process-identity.ts';

/** Reading a long log back takes its time. */
const startMsMax = 60_000;
/** An election on a busy machine takes seconds. */
const quorumMsMax = 15_000;
const pollMs = 200;

/**
 * Replaces a member whose data are known to be lost, or continues its replacement.
 * @throws ClusterError where the rest of its shard has no quorum: then nothing is changed.
 */
export async function replaceLost(join: Joining): Promise<void> {
  const { context, shard, member } = join;
  if (member.joining === undefined) {
    const url = await demandQuorumWithout(context, shard, member);
    const old = (await demandList(url)).find(({ peerURLs }) => peerURLs.includes(peerUrl(member)));
    // The keeper may be starting it again and again.
    if (member.process !== null) await stopProcess(member.process, { graceMs: 0 });
    member.process = null;
    delete member.restarts;
    delete member.id;
    member.joining = { replaces: old?.id ?? null, started: false };
    save(context);
  }
  await joinMember(join);
}

/**
 * Replaces the member if its data are lost. To find out, it is started first, where it has any data.
 * @returns what has been done, a sentence.
 * @throws ClusterError where it is not known to be lost, and where its shard has no quorum without it.
 */
export async function replaceIfLost(join: Joining): Promise<string> {
  const { context, shard, member } = join;
  const { name } = member;
  if (member.joining === undefined) {
    await demandQuorumWithout(context, shard, member);
    const loss = await findLossByStarting(join);
    if (loss === null) return `${name} runs on its own data: nothing is replaced.`;
    join.report(loss);
  }
  await replaceLost(join);
  return `${name} is a member of ${shardName(shard.id)} again, and has all data of it.`;
}

/** Null when the member comes up. @throws ClusterError when it neither comes up nor is known to be lost. */
async function findLossByStarting({ context, shard, member }: Joining): Promise<string | null> {
  const { folder, state } = context;
  const volume = { folder, state, shard, member };
  const deleted = findDeleted(volume);
  if (deleted !== null) return deleted;
  if (!(await keepsRunning(member.process))) await startMember(context, shard, member);
  return waitFor(context, {
    what: `an answer of ${member.name}`,
    timeoutMs: startMsMax,
    processes: [],
    check: async () => {
      const [answer] = await askMembers(context.rpc, [member]);
      if (answer?.status && answer.status.leaderId !== '0') return { loss: null };
      if (member.process !== null && (await processState(member.process)) !== 'gone') return null;
      const loss = findLoss(volume);
      if (loss === null) throw died(context, member.name);
      return { loss };
    },
  }).then(({ loss }) => loss);
}

/** @returns a url of the shard, for etcd's own calls. @throws ClusterError */
async function demandQuorumWithout(
  { rpc, signal }: LocalContext,
  shard: ShardState,
  member: MemberState,
): Promise<string> {
  const others = shard.members.filter((each) => each !== member);
  const untilMs = performance.now() + quorumMsMax;
  for (;;) {
    const agreed = findAgreed(await askMembers(rpc, others));
    if (isQuorum(shard, new Set(agreed.map(({ member: { name } }) => name))))
      return clientUrl((agreed.find(({ leads }) => leads) ?? agreed[0]!).member);
    const running = await Promise.all(others.map(({ process }) => keepsRunning(process)));
    const names = others.filter((_, index) => running[index]).map(({ name }) => name);
    // The running members may be electing, or be slow to answer.
    if (!isQuorum(shard, new Set(names)) || performance.now() > untilMs)
      throw new ClusterError(
        `${shardName(shard.id)} has no quorum without ${member.name}: ${agreed.length} of its ` +
          `${shard.members.length} members would be left to give it the data`,
        {
          nextStep: 'Bring the others up with `make up`; put the folder back of one whose folder was moved.',
        },
      );
    await delay(pollMs, undefined, { signal });
  }
}

/** @throws ClusterError */
async function demandList(url: string): Promise<EtcdMember[]> {
  try {
    return await listEtcdMembers(url);
  } catch (error) {
    throw new ClusterError(`etcd does not say who its members are: ${(error as Error).message}`, {
      nextStep: 'See `make status`, then run this again: nothing was changed.',
      cause: error,
    });
  }
}

/** The largest group of members that name one leader, which may be the member that is being replaced. */
function findAgreed(answers: readonly MemberAnswer[]): MemberAnswer[] {
  const following = answers.filter(({ status }) => status !== null && status.leaderId !== '0');
  const groups = Map.groupBy(following, ({ status }) => status!.leaderId);
  return [...groups.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
}
