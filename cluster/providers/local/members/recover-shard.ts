/**
 * Recovers a shard that has lost its quorum from the data of one member: that member becomes the only one, and the others join
 * it on empty folders, one at a time. What the others had acknowledged without it is lost.
 */
import { listEtcdMembers } from '../../../etcd/member-api.ts';
import { ClusterError } from '../../../errors.ts';
import { shardName } from '../../../../sharder/core/view.ts';
import type { Recovery } from '../../provider.ts';
import { counted } from '../../steps.ts';
import { askMembers, type MemberAnswer } from '../processes/ask-members.ts';
import type { MemberState, ShardState } from '../state/cluster-state.ts';
import { joinMember, type Joining } from './join-member.ts';
import { save, type LocalContext } from '../state/local-context.ts';
import { clientEndpoint, clientUrl, startMember } from '../processes/local-shard.ts';
import { startSharder, waitUntilReady } from '../processes/local-sharder.ts';
import { startViewServer } from '../processes/local-view-server.ts';
import { waitFor } from '../processes/managed-process.ts';
import { portGiver } from '../state/plan-up.ts';
import { stopProcess } from '../../../host/process-identity.ts';
import { demandFittingRecords } from './recovered-records.ts';
import { startShard } from './start-shard.ts';
import { dataFolderOf } from '../../../state/state-folder.ts';
import { inspectVolume } from '../state/volume-mark.ts';

/** Reading a long log back takes its time. */
const leadMsMax = 60_000;
const stopGraceMs = 3000;

/**
 * Starts the members that can be started, and says what a recovery would do.
 * @returns null where it has a leader.
 * @throws ClusterError where the member has no data.
 */
export async function planRecovery(
  context: LocalContext,
  shard: ShardState,
  from: MemberState,
): Promise<Recovery | null> {
  const { folder, state } = context;
  const kind = inspectVolume({ folder, state, shard, member: from });
  if (kind !== 'own' && kind !== 'unmarked')
    throw new ClusterError(`${dataFolderOf(folder, from.name)} holds no data of ${from.name}`, {
      nextStep: `Name a member of ${shardName(shard.id)} that has data: see \`make status\`.`,
    });
  const begun = shard.recovering;
  if (begun === undefined && (await startShard(context, shard)).leader !== null) return null;
  const answers = await askMembers(context.rpc, shard.members);
  const others = shard.members.filter((member) => member !== from).map(({ name }) => name);
  return {
    plan:
      `${shardName(shard.id)} has no quorum. It will be made anew of what ${describeReach(answers, from)} has; ` +
      `${others.join(' and ')} will get their data from it, and what is left of their folders is kept.`,
    loss: [
      `Lost is whatever the others have acknowledged and ${from.name} has not got: writes of the last moments, and versions ` +
        'of them may be given again. Nobody can tell how much. It cannot be undone. Where slots have come or gone since, ' +
        'nothing is recovered: another shard would own them, too.',
      ...(begun === undefined || begun === from.name
        ? []
        : [
            `Its recovery from ${begun} was begun: what ${begun} has acknowledged alone since then is lost, too.`,
          ]),
      ...answers
        .filter((answer) => isFurther(answer, answers, from))
        .map((answer) => describeFurther(answer)),
    ],
  };
}

function describeReach(answers: readonly MemberAnswer[], from: MemberState): string {
  const status = answers.find(({ member }) => member === from)?.status;
  return status ? `${from.name} (term ${status.raftTerm}, entry ${status.raftIndex})` : from.name;
}

function isFurther({ status }: MemberAnswer, answers: readonly MemberAnswer[], from: MemberState): boolean {
  const own = answers.find(({ member }) => member === from)?.status ?? null;
  return status !== null && own !== null && status.raftIndex > own.raftIndex;
}

function describeFurther({ member, status }: MemberAnswer): string {
  return `${member.name} knows of more: it is at entry ${status!.raftIndex}.`;
}

/**
 * Recovers the shard, or continues its recovery. Looks at it anew: the user may have taken long to say yes.
 * @returns what has been done, a sentence; null where it has a leader, and nothing is changed.
 * @throws ClusterError when there is no progress.
 */
export async function recoverShard({
  context,
  shard,
  member: from,
  report,
}: Joining): Promise<string | null> {
  if ((await planRecovery(context, shard, from)) === null) return null;
  await isolate(context, shard, from);
  report(`making ${from.name} the only member of ${shardName(shard.id)}`);
  await makeAlone(context, shard, from);
  report('starting sharders and view servers anew, which have seen what is lost');
  await renewServants(context);
  delete shard.recovering;
  save(context);
  await startMember(context, shard, from);
  await waitUntilLeads(context, from);
  report(`${from.name} leads ${shardName(shard.id)}`);
  for (const member of shard.members)
    if (member.joining !== undefined) await joinMember({ context, shard, member, report });
  const count = counted(shard.members.length, 'member');
  return `${shardName(shard.id)} has ${count} again, with what ${from.name} had. \`make up\` proves that it serves.`;
}

/** From now on none of the others is started on its old data: two of them would be a quorum of their own. */
async function isolate(context: LocalContext, shard: ShardState, from: MemberState): Promise<void> {
  for (const member of shard.members)
    if (member.process !== null) await stopProcess(member.process, { graceMs: stopGraceMs });
  for (const member of shard.members) {
    member.process = null;
    delete member.restarts;
    if (member === from) delete member.joining;
    else member.joining = { replaces: null, started: false };
  }
  shard.recovering = from.name;
  save(context);
}

/** Uses a separate port: nobody is served before it is known that no other shard owns the slots now. */
async function makeAlone(context: LocalContext, shard: ShardState, from: MemberState): Promise<void> {
  const { rpc, folder, state } = context;
  const [clientPort] = await portGiver(folder, state)(1);
  const alone = { ...from, clientPort: clientPort! };
  await startMember(context, shard, from, { forceNewCluster: true, clientPort: clientPort! });
  try {
    alone.process = from.process;
    await waitUntilAlone(context, alone);
    const endpoint = clientEndpoint(alone);
    await demandFittingRecords({ rpc, shard, shards: state.shards, endpoint, name: from.name });
  } finally {
    // With that flag, a second start would remove the others from the shard.
    await stopProcess(from.process!, { graceMs: stopGraceMs });
    from.process = null;
    save(context);
  }
}

/**
 * Restarts them one after the other. They may know the shard's record of a revision that is lost, and that the shard will use
 * again for another record; restarted, they read the record from the shard itself.
 */
async function renewServants(context: LocalContext): Promise<void> {
  const { shards, sharders, viewServers } = context.state;
  for (const sharder of sharders) {
    await startSharder(context, sharder);
    // Where this is the only shard, no other one has a copy of the view for the sharder yet.
    if (shards.length > 1) await waitUntilReady(context, sharder).catch(ignoreClusterError);
  }
  for (const viewServer of viewServers) await startViewServer(context, viewServer);
}

function ignoreClusterError(error: unknown): void {
  if (!(error instanceof ClusterError)) throw error;
}

async function waitUntilLeads(context: LocalContext, member: MemberState): Promise<void> {
  await waitFor(context, {
    what: `leadership of ${member.name}`,
    timeoutMs: leadMsMax,
    processes: [member],
    check: async () => ((await askMembers(context.rpc, [member])).some(({ leads }) => leads) ? true : null),
  });
}

async function waitUntilAlone(context: LocalContext, member: MemberState): Promise<void> {
  await waitUntilLeads(context, member);
  await waitFor(context, {
    what: `${member.name} as the only member`,
    timeoutMs: leadMsMax,
    processes: [member],
    check: async () => {
      const list = await listEtcdMembers(clientUrl(member)).catch(() => []);
      return list.length === 1 ? true : null;
    },
  });
}
