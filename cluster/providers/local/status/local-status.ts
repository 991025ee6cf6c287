/** The status of a local cluster: each process, each member's own answer, and each problem with a fix for it. */
import { durationsOf, mergedDurations, readFsyncHistogram } from '../../../metrics/fsync-histogram.ts';
import { wayToAnother } from '../../../etcd/cluster-etcd.ts';
import { dataBugNotes } from '../../../etcd/data-bugs.ts';
import type { EtcdCaller } from '../../../etcd/etcd-caller.ts';
import { alarmsOf, noAlarms } from '../../../etcd/alarms.ts';
import { shardName, type ViewShard } from '../../../../sharder/core/view.ts';
import { findOwnerProblems } from '../../owners.ts';
import { refusesPuts } from '../../room-problem.ts';
import { emptyStatus } from '../../empty-status.ts';
import { versionsOf } from '../../etcd-versions.ts';
import type {
  ClusterHealth,
  ClusterStatus,
  MemberStatus,
  ProcessHealth,
  Restarts,
  ShardStatus,
  SharderStatus,
  ViewServerStatus,
} from '../../provider.ts';
import { askMembers } from '../processes/ask-members.ts';
import {
  isChanging,
  membersOf,
  ownersOf,
  type ClusterState,
  type Owner,
  type ShardState,
  type SharderState,
  type ViewServerState,
} from '../state/cluster-state.ts';
import { diskNotes, diskStatus } from '../limits/emulate-disk.ts';
import { findProblems } from './find-problems.ts';
import { keptNotes, problemsWithoutState } from './found-data.ts';
import { clientEndpoint, endpointsOf } from '../processes/local-shard.ts';
import { adminEndpoint, isReady } from '../processes/local-sharder.ts';
import { isViewServerReady, viewServerUrl } from '../processes/local-view-server.ts';
import { findDeleted, isQuorum } from '../processes/member-loss.ts';
import { localHost } from '../../../host/local-host.ts';
import { processState, type ProcessIdentity } from '../../../host/process-identity.ts';
import { isLimited } from '../limits/resource-limits.ts';
import { logFileOf, type StateFolder } from '../../../state/state-folder.ts';
import { byteCount } from '../../../topology/quantity.ts';
import { counted } from '../../steps.ts';

const never: Restarts = { count: 0, at: null };

export async function readStatus(
  folder: StateFolder,
  state: ClusterState | null,
  rpc: EtcdCaller,
): Promise<ClusterStatus> {
  if (state === null)
    return {
      ...emptyStatus({ provider: 'local', health: 'absent' }),
      problems: problemsWithoutState(folder),
    };
  const [shards, sharders, viewServers] = await Promise.all([
    Promise.all(state.shards.map((shard) => readShard(rpc, shard, byteCount(state.topology.etcd.quota)))),
    Promise.all(state.sharders.map(readSharder)),
    Promise.all(state.viewServers.map(readViewServer)),
  ]);
  const isKept = state.keeper === undefined || (await healthOf(state.keeper.process)) === 'running';
  const isWhole = !membersOf(state).some(isChanging) && !isAnyDeleted(folder, state);
  const health = judge(shards, sharders, viewServers, isKept && isWhole);
  const disk = diskStatus(
    folder,
    state,
    shards.flatMap((shard) => shard.members),
  );
  const stopped = health === 'stopped';
  const isServing = (id: number) => shards.find((shard) => shard.id === id)!.hasQuorum;
  const ownerProblems =
    stopped || !isServing(state.shards[0]!.id)
      ? []
      : await findOwnerProblems(rpc, placesOf(state, isServing));
  return {
    provider: 'local',
    health: health === 'ready' && ownerProblems.length > 0 ? 'degraded' : health,
    endpoint: stopped ? null : `http://${localHost}:${state.httpPort}`,
    shards,
    sharders,
    viewServers,
    etcd: state.etcd ?? null,
    disk,
    problems: stopped
      ? []
      : [...findProblems(folder, state, { shards, sharders, viewServers, isKept }), ...ownerProblems],
    notes: [
      ...restartNotes(folder, ownersOf(state)),
      ...findNotes(folder, state, { shards, sharders }),
      ...diskNotes(folder, disk),
      ...dataBugNotes([state.etcd?.version, ...versionsOf(shards)], wayToAnother),
      ...keptNotes(folder),
    ],
  };
}

/** Whether data are deleted under a running member. */
function isAnyDeleted(folder: StateFolder, state: ClusterState): boolean {
  return state.shards.some((shard) =>
    shard.members.some(
      (member) => member.process !== null && findDeleted({ folder, state, shard, member }) !== null,
    ),
  );
}

function placesOf({ shards }: ClusterState, isServing: (id: number) => boolean): ViewShard[] {
  return shards
    .filter(({ id }) => isServing(id))
    .map((shard) => ({ id: shard.id, endpoints: endpointsOf(shard) }));
}

export async function healthOf(identity: ProcessIdentity | null): Promise<ProcessHealth> {
  const state = identity === null ? 'gone' : await processState(identity);
  return state === 'gone' ? 'stopped' : state;
}

/** Reads one shard alone. @param quotaBytes null where the caller does not need it. */
export async function readShard(
  rpc: EtcdCaller,
  shard: ShardState,
  quotaBytes: number | null = null,
): Promise<ShardStatus> {
  const health = await Promise.all(shard.members.map((member) => healthOf(member.process)));
  const running = shard.members.filter((_, index) => health[index] === 'running');
  const answers = new Map((await askMembers(rpc, running)).map((answer) => [answer.member.name, answer]));
  const histograms = new Map(
    await Promise.all(
      [...answers.values()]
        .filter(({ status }) => status !== null)
        .map(
          async ({ member }) =>
            [member.name, await readFsyncHistogram(`http://${clientEndpoint(member)}`)] as const,
        ),
    ),
  );
  const members = shard.members.map((member, index): MemberStatus => {
    const histogram = histograms.get(member.name) ?? null;
    const answer = answers.get(member.name);
    const status = answer?.status ?? null;
    return {
      name: member.name,
      process: health[index]!,
      pid: health[index] === 'stopped' ? null : (member.process?.pid ?? null),
      restarts: member.restarts ?? never,
      endpoint: clientEndpoint(member),
      etcd: status && {
        version: status.version,
        dbSizeBytes: status.dbSizeBytes,
        dbSizeInUseBytes: status.dbSizeInUseBytes,
        quotaBytes,
        raftTerm: status.raftTerm,
        raftIndex: status.raftIndex,
        leads: answer?.leads ?? false,
        isLearner: status.isLearner,
      },
      fsync: histogram && durationsOf(histogram),
    };
  });
  // When two members take themselves for the leader, the one in the newer term is the leader.
  const leaders = members
    .filter((member) => member.etcd?.leads)
    .toSorted((a, b) => b.etcd!.raftTerm - a.etcd!.raftTerm);
  const answering = members.filter((member) => member.etcd !== null);
  const hasQuorum = leaders.length > 0 && isQuorum(shard, new Set(answering.map(({ name }) => name)));
  return {
    id: shard.id,
    name: shardName(shard.id),
    leader: leaders[0]?.name ?? null,
    hasQuorum,
    ...(hasQuorum ? await alarmsOf(`http://${answering[0]!.endpoint}`) : noAlarms),
    fsync: mergedDurations([...histograms.values()]),
    members,
  };
}

async function readSharder(sharder: SharderState): Promise<SharderStatus> {
  const health = await healthOf(sharder.process);
  return {
    name: sharder.name,
    process: health,
    pid: health === 'stopped' ? null : (sharder.process?.pid ?? null),
    restarts: sharder.restarts ?? never,
    adminEndpoint: adminEndpoint(sharder),
    ready: health === 'running' && (await isReady(sharder)),
  };
}

async function readViewServer(viewServer: ViewServerState): Promise<ViewServerStatus> {
  const health = await healthOf(viewServer.process);
  return {
    name: viewServer.name,
    process: health,
    pid: health === 'stopped' ? null : (viewServer.process?.pid ?? null),
    restarts: viewServer.restarts ?? never,
    endpoint: viewServerUrl(viewServer),
    ready: health === 'running' && (await isViewServerReady(viewServer)),
  };
}

/** A missing view server hinders no request: it makes the cluster degraded and no worse. */
function judge(
  shards: readonly ShardStatus[],
  sharders: readonly SharderStatus[],
  viewServers: readonly ViewServerStatus[],
  isKept: boolean,
): ClusterHealth {
  const members = shards.flatMap((shard) => shard.members);
  if ([...members, ...sharders, ...viewServers].every((owner) => owner.process === 'stopped'))
    return 'stopped';
  if (shards.some((shard) => !shard.hasQuorum || shard.isFull || shard.isCorrupt)) return 'unavailable';
  if (sharders.every((sharder) => !sharder.ready)) return 'unavailable';
  if (shards.some(refusesPuts)) return 'degraded';
  const whole =
    isKept &&
    members.every((member) => member.etcd !== null) &&
    [...sharders, ...viewServers].every(({ ready }) => ready);
  return whole ? 'ready' : 'degraded';
}

function restartNotes(folder: StateFolder, owners: readonly Owner[]): string[] {
  return owners.flatMap(({ name, restarts }) =>
    restarts === undefined
      ? []
      : [
          `${name} has ended by itself and was started again: ${counted(restarts.count, 'time')}, last at ${restarts.at}; ` +
            `why may stand in ${logFileOf(folder, name)}.`,
        ],
  );
}

function findNotes(
  folder: StateFolder,
  state: ClusterState,
  seen: { shards: readonly ShardStatus[]; sharders: readonly SharderStatus[] },
): string[] {
  const { resources } = state.topology;
  const members = seen.shards.flatMap((shard) => shard.members);
  const isUnlimited = (owner: { name: string; pid: number | null }, limits: typeof resources.etcd) =>
    owner.pid !== null && !isLimited(folder, owner.name, owner.pid, limits);
  const unlimited = [
    ...members.filter((member) => isUnlimited(member, resources.etcd)),
    ...seen.sharders.filter((sharder) => isUnlimited(sharder, resources.sharder)),
  ];
  if (unlimited.length === 0) return [];
  return [
    `The topology's resource limits are not enforced for ${unlimited.map(({ name }) => name).join(', ')}: ` +
      'that takes root and control groups on Linux.',
  ];
}
