/** `up`'s part in the members of shards: joins that were begun are gone on with, and lost ones are replaced when it is told to. */
import { ClusterError } from '../../errors.ts';
import type { Problem } from '../provider.ts';
import type { MemberState, ShardState } from './cluster-state.ts';
import type { LocalContext } from './local-context.ts';
import { describeJoining } from './member-loss.ts';
import { replaceLost } from './replace-member.ts';
import type { StartedShard } from './start-shard.ts';

/** @returns the names of the members that have their vote again; what is left to do is in the shards' problems. */
export async function replaceInShards(
  context: LocalContext,
  shards: readonly StartedShard[],
): Promise<string[]> {
  const replaced = await Promise.all(shards.map((started) => replaceInShard(context, started)));
  return replaced.flat();
}

/** One after the other: etcd takes one learner at a time. */
async function replaceInShard(context: LocalContext, started: StartedShard): Promise<string[]> {
  const { shard, leader, lost, problems } = started;
  const replaced: string[] = [];
  for (const member of shard.members) {
    const isBegun = member.joining !== undefined;
    const loss = lost.get(member) ?? (isBegun ? describeJoining(member.name) : null);
    if (loss === null) continue;
    const goesOn = leader !== null && (isBegun || context.replaceLost);
    const left = goesOn ? await whatIsLeft(context, shard, member) : loss;
    if (left === null) replaced.push(member.name);
    else problems.push(left);
  }
  return replaced;
}

/** Null when nothing is. */
async function whatIsLeft(
  context: LocalContext,
  shard: ShardState,
  member: MemberState,
): Promise<Problem | null> {
  try {
    await replaceLost({ context, shard, member, report: () => undefined });
    return null;
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof ClusterError)) throw error;
    return { what: error.message, fix: error.nextStep ?? describeJoining(member.name).fix };
  }
}
