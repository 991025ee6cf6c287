/**
 * Lets a member join a shard that runs: the member that it replaces leaves, it is added as a learner, gets the data, and gets
 * its vote. The state holds what must survive a call that is cut short: see `joining` there.
 */
import {
  addLearner,
  asHex,
  listEtcdMembers,
  promoteLearner,
  removeEtcdMember,
  type EtcdMember,
} from '../../../etcd/member-api.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import { goInRounds, isNear, RoundsProgress } from '../../member-rounds.ts';
import { askMembers, findLed, type MemberAnswer } from '../processes/ask-members.ts';
import type { MemberState, ShardState } from '../state/cluster-state.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { clientUrl, peerUrl, startMember } from '../processes/local-shard.ts';
import { died, keepsRunning } from '../processes/managed-process.ts';
import { goOnCommand } from '../processes/member-loss.ts';
import { stopStrays } from '../processes/own-processes.ts';
import { inspectVolume, renewVolume } from '../state/volume-mark.ts';

const pollMs = 200;
const patienceMs = 90_000;
/** A member that ends this often right after its start will not come up at another try. */
const startsMax = 3;

export interface Joining {
  context: LocalContext;
  shard: ShardState;
  /** Its state says `joining`. */
  member: MemberState;
  /** One sentence for each thing that is done. */
  report: (step: string) => void;
}

/**
 * Resolves when the member has its vote; the state is saved.
 * @throws ClusterError when there is no progress; the next call continues from there.
 */
export async function joinMember(join: Joining): Promise<void> {
  const { context, member, shard, report } = join;
  const progress = new RoundsProgress(report);
  const { name } = member;
  let starts = 0;
  const fault = `${name} does not come to its vote in ${shardName(shard.id)}`;
  const goOn = goOnCommand(member, shard);
  await goInRounds({ fault, goOn, patienceMs, pollMs, signal: context.signal, progress }, async () => {
    const round = await nextStep(join, progress);
    if (round === 'started' && ++starts > startsMax) throw died(context, name);
    return member.joining === undefined;
  });
}

async function nextStep(join: Joining, told: RoundsProgress): Promise<'started' | null> {
  const { context, shard, member } = join;
  const answers = await askMembers(context.rpc, shard.members);
  const leader = findLed(answers)?.leader;
  if (leader === undefined) throw new Error(`nothing leads ${shardName(shard.id)}`);
  const url = clientUrl(leader.member);
  const list = await listEtcdMembers(url);
  const joining = member.joining!;
  const old = list.find(({ id }) => id === joining.replaces);
  if (old !== undefined) {
    told.tell(`removing the earlier ${member.name} (${asHex(old.id)}) from ${shardName(shard.id)}`);
    await removeEtcdMember(url, old.id);
    return null;
  }
  const own = list.find(({ peerURLs }) => peerURLs.includes(peerUrl(member)));
  if (own === undefined) {
    told.tell(`adding ${member.name} to ${shardName(shard.id)} as a learner`);
    member.id = (await addLearner(url, peerUrl(member))).id;
    joining.started = false;
    save(context);
    return null;
  }
  if (own.id !== member.id) return startOver(join, own.id);
  if (!own.isLearner) {
    delete member.joining;
    save(context);
    told.tell(`${member.name} has its vote`);
    return null;
  }
  if (!(await keepsRunning(member.process))) return startLearner(join, list, told);
  return catchUp(answers, { join, own, leader, told, url });
}

/** The call that added the learner did not record its id, or the learner's data are lost again: the learner leaves, too. */
function startOver({ context, member }: Joining, id: string): null {
  member.joining = { replaces: id, started: false };
  delete member.id;
  save(context);
  return null;
}

async function startLearner(
  join: Joining,
  list: readonly EtcdMember[],
  told: RoundsProgress,
): Promise<'started' | null> {
  const { context, shard, member } = join;
  const { folder, state } = context;
  const volume = { folder, state, shard, member };
  const hasData = inspectVolume(volume) === 'own';
  if (!hasData && member.joining!.started) return startOver(join, member.id!);
  await stopStrays(folder, [member]);
  if (hasData) {
    await startMember(context, shard, member);
    return 'started';
  }
  const kept = renewVolume(volume);
  if (kept !== null) told.tell(`what was there before is kept as ${kept}`);
  told.tell(`starting ${member.name} on an empty folder`);
  member.joining!.started = true;
  await startMember(context, shard, member, { peers: peersOf(shard, list) });
  return 'started';
}

/** A member that has been added and not started has no name in the list yet: its address identifies it. */
function peersOf(shard: ShardState, list: readonly EtcdMember[]) {
  return list.map(({ name, peerURLs }) => {
    const known = shard.members.find((each) => peerURLs.includes(peerUrl(each)));
    return { name: known?.name ?? name, peerUrl: peerURLs[0]! };
  });
}

async function catchUp(
  answers: readonly MemberAnswer[],
  at: { join: Joining; own: EtcdMember; leader: MemberAnswer; told: RoundsProgress; url: string },
): Promise<null> {
  const { join, own, leader, told, url } = at;
  const { name } = join.member;
  const status = answers.find(({ member }) => member === join.member)?.status ?? null;
  if (status === null) throw new Error(`${name} does not answer`);
  if (!isNear(name, status, leader.status!, told)) return null;
  await promoteLearner(url, own.id);
  return null;
}
