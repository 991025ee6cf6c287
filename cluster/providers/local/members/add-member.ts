/**
 * Adds one member to a shard that serves. Its name and ports are recorded before anything is started; it joins as a learner, and
 * the view names it when it has its vote. The next call continues a call that was cut short anywhere.
 */
import { shardName } from '../../../../sharder/core/view.ts';
import { describeTolerance } from '../../member-numbers.ts';
import { counted } from '../../steps.ts';
import type { MemberState, ShardState } from '../state/cluster-state.ts';
import { joinMember, type Joining } from './join-member.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { nextMemberName, refuseAddition, settleSize } from './member-rules.ts';
import { portGiver } from '../state/plan-up.ts';
import { seeMembers } from './see-members.ts';
import { nameInView } from './view-followers.ts';

/**
 * Adds a member to the shard, or continues an addition that was begun.
 * @returns its name, and what has been done: sentences.
 * @throws ClusterError where none may be added, or the addition makes no progress.
 */
export async function addMember(change: Omit<Joining, 'member'>): Promise<{ name: string; done: string }> {
  const { context, shard } = change;
  const begun = shard.members.find(({ adding, leaving }) => adding !== undefined && leaving === undefined);
  if (begun === undefined) refuseAddition(await seeMembers(context, shard));
  const member = begun ?? (await planMember(context, shard));
  return { name: member.name, done: await finishAddition({ ...change, member }) };
}

/** @returns what has been done: sentences. @throws ClusterError when the addition makes no progress. */
async function finishAddition({ context, shard, member, report }: Joining): Promise<string> {
  if (member.joining !== undefined) await joinMember({ context, shard, member, report });
  report(`naming ${member.name} in the view`);
  const late = await nameInView(context, shard);
  noteAdded(context, member);
  const { length } = shard.members;
  return [
    `${member.name} is a member of ${shardName(shard.id)}, which has ${counted(length, 'member')} now.`,
    describeTolerance(length),
    ...late.map((name) => `${name} has not heard of it yet; \`make up\` starts it anew.`),
  ].join(' ');
}

/** Records that the view names the member. */
export function noteAdded(context: Pick<LocalContext, 'state' | 'folder'>, member: MemberState): void {
  delete member.adding;
  settleSize(context.state);
  save(context);
}

async function planMember(context: LocalContext, shard: ShardState): Promise<MemberState> {
  const { folder, state } = context;
  const [clientPort, peerPort] = await portGiver(folder, state)(2);
  const member: MemberState = {
    name: nextMemberName(shard),
    clientPort: clientPort!,
    peerPort: peerPort!,
    process: null,
    joining: { replaces: null, started: false },
    adding: true,
  };
  shard.members.push(member);
  shard.members.sort((a, b) => ordinalOf(a) - ordinalOf(b));
  save(context);
  return member;
}

function ordinalOf({ name }: MemberState): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}
