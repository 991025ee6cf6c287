/**
 * Starts the members of a shard that can be started. A quorum of its members serves a shard that has run before: what is
 * wrong with the others is reported, and left to the user. A new shard needs all of them.
 */
import { ClusterError } from '../../../errors.ts';
import { CommandError } from '../../../host/command-error.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import { describeDeadShard } from '../../dead-shard.ts';
import type { Problem } from '../../provider.ts';
import { askMembers, findLed } from '../processes/ask-members.ts';
import { votersOf, type MemberState, type ShardState } from '../state/cluster-state.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { commonLeader, startMember } from '../processes/local-shard.ts';
import { died, waitFor } from '../processes/managed-process.ts';
import { describeDeleted, describeLoss, findDeleted, findLoss, isQuorum } from '../processes/member-loss.ts';
import { processState } from '../../../host/process-identity.ts';
import { logFileOf } from '../../../state/state-folder.ts';
import { inspectVolume } from '../state/volume-mark.ts';

/** Three members on two busy cores elect in about two seconds; reading a long log back takes longer. */
const leaderTimeoutMs = 60_000;

export interface StartedShard {
  shard: ShardState;
  /** The name of the member that is leader; null: the shard is dead. */
  leader: string | null;
  /** Members whose data are lost, while the shard serves without them; each with what to do. */
  lost: Map<MemberState, Problem>;
  /** What is wrong with it. */
  problems: Problem[];
}

/**
 * Starts the members that do not run and waits until all members that can be started follow one leader.
 * @throws ClusterError when a new shard does not come up whole; the signal's reason when it is aborted.
 */
export async function startShard(context: LocalContext, shard: ShardState): Promise<StartedShard> {
  const faults = new Map<MemberState, Error>();
  if (shard.recovering !== undefined) return inRecovery(context, shard, shard.recovering);
  const { folder, state } = context;
  const members = shard.members.filter((member) => mayHaveVote(context, shard, member));
  const starts = await Promise.allSettled(members.map((member) => startMember(context, shard, member)));
  for (const [index, start] of starts.entries())
    if (start.status === 'rejected') note(shard, faults, members[index]!, start.reason);
  const rest = () => members.filter((member) => !faults.has(member));
  const hasQuorum = () => isQuorum(shard, new Set(rest().map(({ name }) => name)));
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
  }).catch(async (error: unknown) => {
    context.signal.throwIfAborted();
    if (!shard.formed || !(error instanceof ClusterError)) throw error;
    const led = findLed(await askMembers(context.rpc, rest()));
    if (led === null || !isQuorum(shard, led.names)) return { name: null, error };
    for (const member of rest()) if (!led.names.has(member.name)) faults.set(member, astray(context, member));
    return { name: led.leader.member.name };
  });
  if (!shard.formed) {
    shard.formed = true;
    save(context);
  }
  const lost = new Map<MemberState, Problem>();
  const problems: Problem[] = [];
  for (const [member, error] of faults) {
    // The command that continues the change reports what is left to do.
    if (!votersOf(shard).includes(member)) continue;
    const loss = findLoss({ folder, state, shard, member });
    if (loss === null) problems.push(problemOf(`${member.name} is left out`, error));
    else if (leader.name === null)
      problems.push(describeLoss(loss, member.name, { id: shard.id, hasQuorum: false }));
    else lost.set(member, describeLoss(loss, member.name, { id: shard.id, hasQuorum: true }));
  }
  if (leader.name !== null)
    for (const member of votersOf(shard).filter((each) => !faults.has(each))) {
      const deleted = findDeleted({ folder, state, shard, member });
      if (deleted !== null) lost.set(member, describeDeleted(deleted, member, shard));
    }
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
  return { shard, leader: leader.name, lost, problems };
}

/**
 * When a call was cut short before it recorded a vote, a member that joins may already have its vote, and one that leaves may
 * still have it: without them there might be no quorum. A joining member without data is started when its joining continues.
 */
function mayHaveVote({ folder, state }: LocalContext, shard: ShardState, member: MemberState): boolean {
  if (member.joining === undefined) return true;
  return member.joining.started && inspectVolume({ folder, state, shard, member }) === 'own';
}

/** Started as it is, it would wait for the others; made the only member, it would run without the user's consent. */
function inRecovery({ state }: LocalContext, shard: ShardState, from: string): StartedShard {
  const dead = describeDeadShard({
    id: shard.id,
    isHome: shard === state.shards[0],
    running: 0,
    members: shard.members.length,
  });
  const cutShort = {
    what: `the recovery of ${shardName(shard.id)} was cut short`,
    fix: `\`vase shard recover ${shard.id} --from ${from}\` goes on with it.`,
  };
  return { shard, leader: null, lost: new Map(), problems: [dead, cutShort] };
}

function note(shard: ShardState, faults: Map<MemberState, Error>, member: MemberState, error: unknown): void {
  const isFault = error instanceof ClusterError || error instanceof CommandError;
  if (!shard.formed || !isFault) throw error;
  faults.set(member, error);
}

function astray({ folder }: LocalContext, { name }: MemberState): ClusterError {
  return new ClusterError('it runs and does not follow the leader of its shard', {
    nextStep: `Look at ${logFileOf(folder, name)}; \`make down\` and \`make up\` start it anew.`,
  });
}

function problemOf(what: string, error: Error): Problem {
  const fix = error instanceof ClusterError ? error.nextStep : null;
  return { what: `${what}: ${error.message}`, fix: fix ?? 'Mend that, then run `make up` again.' };
}
