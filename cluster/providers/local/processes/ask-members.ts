/** Asks etcd members for their status: each separately, so that a member that hangs does not hide the others. */
import type { StatusReply } from '../../../../sharder/core/etcd-messages.ts';
import type { EtcdCaller } from '../../../etcd/etcd-caller.ts';
import type { MemberState } from '../state/cluster-state.ts';
import { localHost } from '../../../host/local-host.ts';

/** A healthy member on this machine answers within milliseconds; a paused one never does. */
const answerTimeoutMs = 1500;

export interface MemberAnswer {
  member: MemberState;
  /** Null when it does not answer. */
  status: StatusReply | null;
  /** Whether it takes itself for the leader. */
  leads: boolean;
}

export async function askMembers(rpc: EtcdCaller, members: readonly MemberState[]): Promise<MemberAnswer[]> {
  return Promise.all(members.map((member) => askMember(rpc, member)));
}

/** The leader in the newest term, and the names of all members that follow it, itself included. */
export function findLed(
  answers: readonly MemberAnswer[],
): { leader: MemberAnswer; names: ReadonlySet<string> } | null {
  const [leader] = answers
    .filter(({ leads }) => leads)
    .toSorted((a, b) => b.status!.raftTerm - a.status!.raftTerm);
  if (leader === undefined) return null;
  const following = answers.filter(({ status }) => status?.leaderId === leader.status!.leaderId);
  return { leader, names: new Set(following.map(({ member }) => member.name)) };
}

async function askMember(rpc: EtcdCaller, member: MemberState): Promise<MemberAnswer> {
  const endpoint = `${localHost}:${member.clientPort}`;
  const result = await rpc.call(endpoint, { kind: 'status' }, { deadlineMs: answerTimeoutMs });
  if (result.kind !== 'reply' || result.reply.kind !== 'status')
    return { member, status: null, leads: false };
  const status = result.reply;
  const leads = status.leaderId !== '0' && status.leaderId === status.header?.memberId;
  return { member, status, leads };
}
