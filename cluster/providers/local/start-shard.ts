/**
 * Starting a shard as far as it goes. A shard that has run before is served by a quorum of its members: what is wrong with
 * the others is told, and left to the user. A new shard needs all of them.
 */
import { ClusterError } from '../../errors.ts';
import { CommandError } from '../../run-command.ts';
import { shardName } from '../../../sharder/core/view.ts';
import { describeDeadShard } from '../dead-shard.ts';
import type { Problem } from '../provider.ts';
import type { MemberState, ShardState } from './cluster-state.ts';
import { save, type LocalContext } from './local-context.ts';
import { commonLeader, startMember } from './local-shard.ts';
import { died, waitFor } from './managed-process.ts';
import { processState } from './process-identity.ts';

/** Three members on two busy cores elect in about two seconds; a long log takes its time to be read back. */
const leaderTimeoutMs = 60_000;

export interface StartedShard {
  shard: ShardState;
  /** The name of the member that leads; null: the shard is dead. */
  leader: string | null;
  /** What is wrong with it. */
  problems: Problem[];
}

/**
 * Starts what does not run of a shard and waits until all members that can be started follow one leader.
 * @throws ClusterError when a new shard does not come up whole; the signal's reason when it is aborted.
 */
export async function startShard(context: LocalContext, shard: ShardState): Promise<StartedShard> {
  const faults = new Map<MemberState, Error>();
  const starts = await Promise.allSettled(shard.members.map((member) => startMember(context, shard, member)));
  for (const [index, start] of starts.entries())
    if (start.status === 'rejected') note(shard, faults, shard.members[index]!, start.reason);
  const rest = () => shard.members.filter((member) => !faults.has(member));
  const hasQuorum = () => rest().length > shard.members.length / 2;
  const leader = await waitFor(context, {
    what: `a leader that all members of shard ${shard.id} follow`,
    timeoutMs: leaderTimeoutMs,
    processes: [],
    check: async () => {
      if (!hasQuorum()) return { name: null };
      const name = await commonLeader(context, { ...shard, members: rest() });
      if (name !== null) return { name };
      for (const member of rest())
        if (member.process === null || (await processState(member.process)) === 'gone')
          note(shard, faults, member, died(context, member.name));
      return null;
    },
  }).catch((error: unknown) => {
    context.signal.throwIfAborted();
    if (!shard.formed || !(error instanceof ClusterError)) throw error;
    return { name: null, error };
  });
  if (!shard.formed) {
    shard.formed = true;
    save(context);
  }
  const problems = [...faults].map(([{ name }, error]) => problemOf(`${name} cannot be started`, error));
  if ('error' in leader) problems.push(problemOf(`${shardName(shard.id)} does not come up`, leader.error));
  if (leader.name === null)
    problems.unshift(
      describeDeadShard({
        id: shard.id,
        isHome: shard === context.state.shards[0],
        running: rest().length,
        members: shard.members.length,
      }),
    );
  return { shard, leader: leader.name, problems };
}

function note(shard: ShardState, faults: Map<MemberState, Error>, member: MemberState, error: unknown): void {
  const isFault = error instanceof ClusterError || error instanceof CommandError;
  if (!shard.formed || !isFault) throw error;
  faults.set(member, error);
}

function problemOf(what: string, error: Error): Problem {
  const fix = error instanceof ClusterError ? error.nextStep : null;
  return { what: `${what}: ${error.message}`, fix: fix ?? 'Mend that, then run `make up` again.' };
}
