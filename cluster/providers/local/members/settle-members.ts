/**
 * `up`'s part in the members of shards: it continues a member change that was begun, and replaces lost members when asked to.
 */
import { ClusterError } from '../../../errors.ts';
import type { Problem } from '../../provider.ts';
import { isChanging, type MemberState, type ShardState } from '../state/cluster-state.ts';
import type { LocalContext } from '../state/local-context.ts';
import { describeChange } from '../processes/member-loss.ts';
import { removeMember } from './remove-member.ts';
import { replaceLost } from './replace-member.ts';
import type { StartedShard } from './start-shard.ts';

/** @returns what was done with which members, clauses; what is left to do is in the shards' problems. */
export async function settleMembers(
  context: LocalContext,
  shards: readonly StartedShard[],
): Promise<string[]> {
  const settled = await Promise.all(shards.map((started) => settleShard(context, started)));
  return settled.flat();
}

/** Settles one member after the other: etcd takes one learner at a time. */
async function settleShard(context: LocalContext, started: StartedShard): Promise<string[]> {
  const { shard, leader, lost, problems } = started;
  const settled: string[] = [];
  for (const member of shard.members) {
    const isBegun = isChanging(member);
    const problem = lost.get(member) ?? describeChange(member, shard);
    if (problem === null) continue;
    const { name, adding, leaving } = member;
    const goesOn = leader !== null && (isBegun || context.replaceLost);
    const left = goesOn ? await whatIsLeft(context, shard, member, problem) : problem;
    const done = leaving !== undefined ? 'removed' : adding !== undefined ? 'added' : 'replaced';
    if (left === null) settled.push(`${done}: ${name}`);
    else problems.push(left);
  }
  return settled;
}

/** Null when nothing is left. The view gets an added member's endpoint with all others, when the records are written. */
async function whatIsLeft(
  context: LocalContext,
  shard: ShardState,
  member: MemberState,
  problem: Problem,
): Promise<Problem | null> {
  const change = { context, shard, member, report: () => undefined };
  try {
    if (member.leaving !== undefined) await removeMember(change);
    else if (member.adding === undefined || member.joining !== undefined) await replaceLost(change);
    return null;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ClusterError)) throw error;
    return { what: error.message, fix: error.nextStep ?? problem.fix };
  }
}
