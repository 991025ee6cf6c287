/**
 * Removes one member from a shard that serves: another becomes leader, the view no longer names the member and nobody asks it,
 * etcd removes it, and only then its process ends and its data are deleted. The next call continues a call that was cut short.
 */
import { existsSync, rmSync } from 'node:fs';
import { shardName } from '../../../../sharder/core/view.ts';
import {
  asHex,
  listEtcdMembers,
  moveLeader,
  removeEtcdMember,
  type EtcdMember,
} from '../../../etcd/member-api.ts';
import { goInRounds, RoundsProgress } from '../../member-rounds.ts';
import { describeTolerance } from '../../member-numbers.ts';
import { counted } from '../../steps.ts';
import { askMembers, findLed, type MemberAnswer } from '../processes/ask-members.ts';
import type { MemberState, ShardState } from '../state/cluster-state.ts';
import { removeGroupsOf } from '../limits/control-groups.ts';
import type { Joining } from './join-member.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { clientUrl, peerUrl } from '../processes/local-shard.ts';
import { forgetKilled } from '../state/marks.ts';
import { refuseRemoval, settleSize } from './member-rules.ts';
import { stopStrays } from '../processes/own-processes.ts';
import { stopProcess } from '../../../host/process-identity.ts';
import { seeMembers } from './see-members.ts';
import { dataFolderOf } from '../../../state/state-folder.ts';
import { nameInView } from './view-followers.ts';
import { inspectVolume } from '../state/volume-mark.ts';

const pollMs = 200;
const patienceMs = 60_000;
/** The member ends by itself when it hears that it has been removed. */
const stopGraceMs = 3000;

/**
 * Takes the member out of its shard, or continues a removal.
 * @returns what has been done: sentences.
 * @throws ClusterError where the shard cannot do without it: then nothing is changed; and when the removal makes no progress.
 */
export async function removeMember(change: Joining): Promise<string> {
  const { context, shard, member, report } = change;
  const seen = await seeMembers(context, shard);
  const own = seen.leader === null ? undefined : ownIn(await askList(seen.leader), member);
  // The quorum no longer needs a member that an earlier call has removed.
  if (member.leaving === undefined || seen.leader === null || own !== undefined) refuseRemoval(seen, member);
  member.leaving = true;
  save(context);
  const late = await leave(change, new RoundsProgress(report));
  report(`stopping ${member.name}`);
  const data = await forget(context, shard, member);
  const { length } = shard.members;
  return [
    `${member.name} has left ${shardName(shard.id)}, which has ${counted(length, 'member')} now.`,
    data,
    describeTolerance(length),
    ...late.map((name) => `${name} has not heard of it yet; \`make up\` starts it anew.`),
  ].join(' ');
}

/** @returns the names of the readers of the view that do not have the new view yet. */
async function leave(change: Joining, told: RoundsProgress): Promise<string[]> {
  const { context, shard, member } = change;
  const { name } = member;
  let late: string[] | null = null;
  const rounds = {
    fault: `${name} does not come out of ${shardName(shard.id)}`,
    goOn: `vase member remove ${name}`,
    patienceMs,
    pollMs,
    signal: context.signal,
    progress: told,
  };
  await goInRounds(rounds, async () => {
    const answers = await askMembers(context.rpc, shard.members);
    const leader = findLed(answers)?.leader;
    if (leader === undefined) throw new Error(`nothing leads ${shardName(shard.id)}`);
    const url = clientUrl(leader.member);
    const own = ownIn(await listEtcdMembers(url), member);
    if (leader.member === member && own !== undefined) {
      const next = chooseLeader(answers, leader);
      told.tell(`handing the lead of ${shardName(shard.id)} to ${next.member.name}`);
      await moveLeader(url, next.status!.header!.memberId);
      return false;
    }
    if (late === null) {
      told.tell(`taking ${name} out of the view`);
      late = await nameInView(context, shard);
      return false;
    }
    if (own === undefined) return true;
    told.tell(`removing ${name} (${asHex(own.id)}) from ${shardName(shard.id)}`);
    await removeEtcdMember(url, own.id);
    return false;
  });
  return late!;
}

/** The member with the most of the log, among those that follow the leader and stay. */
function chooseLeader(answers: readonly MemberAnswer[], leader: MemberAnswer): MemberAnswer {
  const [next] = answers
    .filter(({ member, status }) => member !== leader.member && status?.leaderId === leader.status!.leaderId)
    .filter(({ status }) => !status!.isLearner)
    .toSorted((a, b) => b.status!.raftIndex - a.status!.raftIndex);
  if (next === undefined) throw new Error(`no other member of its shard is well enough to lead it`);
  return next;
}

/** An earlier member of the same name, which it was to replace, has the same address. */
function ownIn(list: readonly EtcdMember[], member: MemberState): EtcdMember | undefined {
  return list.find(({ id, peerURLs }) => id === member.id || peerURLs.includes(peerUrl(member)));
}

/** Empty where the leader does not answer. */
async function askList({ member }: MemberAnswer): Promise<EtcdMember[]> {
  return listEtcdMembers(clientUrl(member)).catch(() => []);
}

/** @returns what has happened to its folder, a sentence. Deletes only data that are known to be this member's. */
async function forget(context: LocalContext, shard: ShardState, member: MemberState): Promise<string> {
  const { folder, state } = context;
  const { name } = member;
  if (member.process !== null) await stopProcess(member.process, { graceMs: stopGraceMs });
  member.process = null;
  save(context);
  await stopStrays(folder, [member]);
  const path = dataFolderOf(folder, name);
  const kind = inspectVolume({ folder, state, shard, member });
  const isOwn = kind === 'own' || (kind === 'lost' && member.marked === true && existsSync(path));
  if (isOwn) rmSync(path, { recursive: true, force: true });
  await removeGroupsOf(folder, name);
  forgetKilled(folder, name);
  shard.members = shard.members.filter((each) => each !== member);
  settleSize(state);
  save(context);
  if (isOwn) return `Its data folder ${path} is deleted.`;
  return kind === 'foreign' || kind === 'earlier' || kind === 'unmarked'
    ? `${path} is kept: nothing shows that it holds the data of this ${name}.`
    : 'It had no data any more.';
}
