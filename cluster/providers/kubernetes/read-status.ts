/** The status of a cluster in Kubernetes: its pods, each member's own answer, and each problem with a fix for it. */
import type { StatusReply } from '../../../sharder/core/etcd-messages.ts';
import { durationsOf, mergedDurations, type FsyncHistogram } from '../../metrics/fsync-histogram.ts';
import { dataBugNotes } from '../../etcd/data-bugs.ts';
import { alarmsOf, noAlarms } from '../../etcd/alarms.ts';
import { shardName } from '../../../sharder/core/view.ts';
import { findRoomProblem, refusesPuts, type RoomFixes } from '../room-problem.ts';
import { findOwnerProblems } from '../owners.ts';
import { etcdPorts, sharderPorts } from '../../manifests/names.ts';
import type {
  ClusterHealth,
  ClusterStatus,
  DiskStatus,
  MemberStatus,
  Problem,
  ProcessHealth,
  Restarts,
  ProviderKind,
  ShardStatus,
  SharderStatus,
  ViewServerStatus,
} from '../provider.ts';
import { parseTopology } from '../../topology/topology.ts';
import { versionsOf } from '../etcd-versions.ts';
import { describeBegun, findBegun } from './begun-change.ts';
import { diagnosePods } from './diagnose-pods.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import {
  componentOf,
  isReady,
  readLiveObjects,
  runs,
  shardOf,
  type LiveObjects,
  type LiveStatefulSet,
  type Pod,
} from './live-objects.ts';

/** A healthy member answers within a tenth of this, the first time through a new tunnel; a paused one never does. */
const answerTimeoutMs = 2000;

const wayToAnotherImage = `A new cluster runs ${parseTopology({}).images.etcd}, which has none of them, or what VASE_ETCD_IMAGE names.`;

export interface StatusSource {
  provider: ProviderKind;
  endpoint: string | null;
  /**
   * Names of the pods whose process is stopped by a signal, among pods that run and do not answer. Left out where the
   * provider cannot see processes.
   */
  findPaused?(pods: readonly Pod[]): Promise<Set<string>>;
  /** The disk that members emulate, and notes about it. Left out where disks are real. */
  readDisk?(pods: readonly Pod[]): Promise<{ disk: DiskStatus | null; notes: string[] }>;
}

export async function readClusterStatus(
  cluster: KubernetesCluster,
  source: StatusSource,
): Promise<ClusterStatus> {
  const [live, begun] = await Promise.all([
    readLiveObjects(cluster.client, cluster.instance),
    findBegun(cluster.client, cluster.instance),
  ]);
  const answers = await askMembers(cluster, live);
  const fsyncs = await cluster.readFsyncs([...answers.keys()]);
  const silent = live.pods.filter((pod) => runs(pod) && !answers.has(pod.metadata.name) && !isServing(pod));
  const paused = silent.length === 0 ? new Set<string>() : ((await source.findPaused?.(silent)) ?? new Set());
  const health = (pod: Pod | null): ProcessHealth =>
    pod === null || !runs(pod) ? 'stopped' : paused.has(pod.metadata.name) ? 'paused' : 'running';
  const shards = live.statefulSets.map((set) =>
    describeShard(cluster.instance, set, { live, answers, fsyncs, health }),
  );
  await Promise.all(shards.map((shard) => markAlarms(cluster, shard)));
  const sharders = describeSharders(cluster, live, health);
  const viewServers = describeViewServers(live, health);
  const serving = live.statefulSets.filter((_, index) => shards[index]!.hasQuorum);
  const places = serving.map((set) => {
    const id = shardOf(set)!;
    return { id, endpoints: memberNamesOf(set).map((name) => memberEndpoint(cluster.instance, id, name)) };
  });
  const ownerProblems = shards[0]?.hasQuorum ? await findOwnerProblems(cluster.members, places) : [];
  const whole = judge(shards, sharders, viewServers);
  const { disk, notes } = (await source.readDisk?.(live.pods)) ?? { disk: null, notes: [] };
  return {
    provider: source.provider,
    health: whole === 'ready' && ownerProblems.length + begun.length > 0 ? 'degraded' : whole,
    endpoint: source.endpoint,
    shards,
    sharders,
    viewServers,
    etcd: null,
    disk,
    problems: [
      ...findProblems(live, { shards, sharders, viewServers }),
      ...begun.map(describeBegun),
      ...ownerProblems,
    ],
    notes: [...notes, ...dataBugNotes(versionsOf(shards), wayToAnotherImage)],
  };
}

async function markAlarms({ tunnels }: KubernetesCluster, shard: ShardStatus): Promise<void> {
  const name = shard.hasQuorum ? shard.members.find(({ etcd }) => etcd !== null)?.name : undefined;
  if (name === undefined) return;
  const url = `http://${await tunnels.open({ name, port: etcdPorts.metrics, pod: () => name })}`;
  Object.assign(shard, await alarmsOf(url));
}

/** Whether a sharder or view server is known to be well without asking it. */
function isServing(pod: Pod): boolean {
  return componentOf(pod) !== 'etcd' && isReady(pod);
}

type Answers = Map<string, StatusReply>;

async function askMembers(cluster: KubernetesCluster, { pods }: LiveObjects): Promise<Answers> {
  const answers: Answers = new Map();
  const members = pods.filter((pod) => componentOf(pod) === 'etcd' && runs(pod));
  await Promise.all(
    members.map(async (pod) => {
      const endpoint = memberEndpoint(cluster.instance, shardOf(pod)!, pod.metadata.name);
      const options = { deadlineMs: answerTimeoutMs };
      const result = await cluster.members.call(endpoint, { kind: 'status' }, options);
      if (result.kind === 'reply' && result.reply.kind === 'status')
        answers.set(pod.metadata.name, result.reply);
    }),
  );
  return answers;
}

/** The endpoint as the view names it. */
export function memberEndpoint(instance: string, shard: number, member: string): string {
  return `${member}.${shardName(shard)}.${instance}.svc:${etcdPorts.client}`;
}

export function memberNamesOf(set: LiveStatefulSet): string[] {
  return Array.from({ length: set.spec?.replicas ?? 0 }, (_, index) => `${set.metadata.name}-${index}`);
}

interface Seen {
  live: LiveObjects;
  answers: Answers;
  fsyncs: ReadonlyMap<string, FsyncHistogram>;
  health: (pod: Pod | null) => ProcessHealth;
}

function describeShard(
  instance: string,
  set: LiveStatefulSet,
  { live, answers, fsyncs, health }: Seen,
): ShardStatus {
  const id = shardOf(set)!;
  const members = memberNamesOf(set).map((name): MemberStatus => {
    const pod = live.pods.find((candidate) => candidate.metadata.name === name) ?? null;
    const status = answers.get(name) ?? null;
    return {
      name,
      process: health(pod),
      pid: null,
      restarts: restartsOf(pod),
      endpoint: memberEndpoint(instance, id, name),
      etcd: status && {
        version: status.version,
        dbSizeBytes: status.dbSizeBytes,
        dbSizeInUseBytes: status.dbSizeInUseBytes,
        quotaBytes: status.quotaBytes > 0 ? status.quotaBytes : null,
        raftTerm: status.raftTerm,
        raftIndex: status.raftIndex,
        isLearner: status.isLearner,
        leads: status.leaderId !== '0' && status.leaderId === status.header?.memberId,
      },
      fsync: fsyncs.has(name) ? durationsOf(fsyncs.get(name)!) : null,
    };
  });
  // When two members take themselves for the leader, the one in the newer term is the leader.
  const leaders = members
    .filter((member) => member.etcd?.leads)
    .toSorted((a, b) => b.etcd!.raftTerm - a.etcd!.raftTerm);
  const answering = members.filter((member) => member.etcd !== null).length;
  return {
    id,
    name: shardName(id),
    leader: leaders[0]?.name ?? null,
    hasQuorum: leaders.length > 0 && answering > members.length / 2,
    ...noAlarms,
    fsync: mergedDurations(members.flatMap(({ name }) => fsyncs.get(name) ?? [])),
    members,
  };
}

/** Kubernetes' count for the pod's first container, since the pod was made. */
function restartsOf(pod: Pod | null): Restarts {
  const { restartCount = 0, lastState } = pod?.status?.containerStatuses?.[0] ?? {};
  return { count: restartCount, at: restartCount === 0 ? null : (lastState?.terminated?.finishedAt ?? null) };
}

function describeSharders(
  { sharderNames }: KubernetesCluster,
  { pods, deployments }: LiveObjects,
  health: Seen['health'],
): SharderStatus[] {
  const wanted = deployments.find((deployment) => componentOf(deployment) === 'sharder')?.spec?.replicas ?? 0;
  const own = pods.filter((pod) => componentOf(pod) === 'sharder');
  return sharderNames.assign(own, wanted).map(({ name, pod }) => {
    const process = health(pod);
    return {
      name,
      process,
      pid: null,
      restarts: restartsOf(pod),
      adminEndpoint: pod === null ? '-' : `${pod.metadata.name}:${sharderPorts.admin}`,
      ready: pod !== null && process === 'running' && isReady(pod),
    };
  });
}

function describeViewServers({ pods }: LiveObjects, health: Seen['health']): ViewServerStatus[] {
  return pods
    .filter((pod) => componentOf(pod) === 'viewserver' && pod.metadata.deletionTimestamp === undefined)
    .map((pod) => ({
      name: pod.metadata.name,
      process: health(pod),
      pid: null,
      restarts: restartsOf(pod),
      endpoint: pod.status?.podIP ?? '-',
      ready: isReady(pod),
    }));
}

function judge(
  shards: readonly ShardStatus[],
  sharders: readonly SharderStatus[],
  viewServers: readonly ViewServerStatus[],
): ClusterHealth {
  if (shards.length === 0 && sharders.length === 0) return 'stopped';
  if (shards.length === 0 || shards.some((shard) => !shard.hasQuorum || shard.isFull || shard.isCorrupt))
    return 'unavailable';
  if (sharders.every((sharder) => !sharder.ready)) return 'unavailable';
  if (shards.some(refusesPuts)) return 'degraded';
  const members = shards.flatMap((shard) => shard.members);
  const isWhole =
    members.every((member) => member.etcd !== null) &&
    [...sharders, ...viewServers].every(({ ready }) => ready);
  return isWhole ? 'ready' : 'degraded';
}

function findProblems(
  { pods }: LiveObjects,
  { shards, sharders, viewServers }: Pick<ClusterStatus, 'shards' | 'sharders' | 'viewServers'>,
): Problem[] {
  const faults = diagnosePods({ pods, events: [], nowMs: Date.now(), sinceMs: 0 });
  const lost = shards.filter((shard) => !shard.hasQuorum);
  const explained = new Set(faults.map(({ pod }) => pod));
  const owners = [
    ...shards.flatMap(({ members }) =>
      members.map(({ name, process, etcd }) => ({ name, pod: name, process, isWell: etcd !== null })),
    ),
    ...sharders.map(({ name, adminEndpoint, process, ready }) => ({
      name,
      pod: adminEndpoint.split(':')[0]!,
      process,
      isWell: ready,
    })),
    ...viewServers.map(({ name, process, ready }) => ({ name, pod: name, process, isWell: ready })),
  ];
  const unwell = owners.filter(({ isWell, pod }) => !isWell && !explained.has(pod));
  return [
    ...lost.map(({ name }) => ({
      what: `${name} has no leader with a quorum: its keys can be neither read nor written`,
      fix: 'Kubernetes starts its members again; if it does not, `make up` says why.',
    })),
    ...shards.filter(({ isFull }) => isFull).map(describeFull),
    ...shards.filter(({ isCorrupt }) => isCorrupt).map(describeCorrupt),
    ...shards.flatMap((shard) => findRoomProblem(shard, roomFixes(shard)) ?? []),
    ...faults.map(({ what, nextStep }) => ({ what, fix: nextStep })),
    ...unwell.map(({ name, process }) => describeUnwell(name, process)),
  ];
}

function describeFull({ name, members }: ShardStatus): Problem {
  return {
    what: `${name} has reached its quota (etcd's alarm NOSPACE): its keys can be read and not written`,
    fix:
      `Give it more with etcd.quota in a topology file. Once its pods have started again with that, run in one of them, ` +
      `such as ${members[0]?.name}: \`etcdctl defrag --cluster\`, then \`etcdctl alarm disarm\` (with TLS, also ` +
      '--cacert, --cert and --key).',
  };
}

function describeCorrupt({ name, members }: ShardStatus): Problem {
  return {
    what: `${name} takes no writes: etcd found that its members' data differ (alarm CORRUPT)`,
    fix:
      `\`etcdctl endpoint hashkv --cluster\` in a pod such as ${members[0]?.name} shows which member differs from the others. ` +
      'Delete its claim and its pod, put a new member in its place with `vase member replace`, then run `etcdctl alarm disarm` ' +
      '(with TLS, also --cacert, --cert and --key).',
  };
}

function roomFixes({ members }: ShardStatus): RoomFixes {
  return {
    more: 'Delete keys, move slots away (`vase shard add`), or raise etcd.quota in the topology.',
    defragment: `Run in one of its pods, such as ${members[0]?.name}: \`etcdctl defrag --cluster\` (with TLS, also --cacert, --cert and --key).`,
  };
}

function describeUnwell(name: string, process: ProcessHealth): Problem {
  switch (process) {
    case 'paused':
      return { what: `${name} is paused (SIGSTOP)`, fix: '`make up` wakes it.' };
    case 'stopped':
      return { what: `${name} does not run`, fix: 'Kubernetes starts it again; if not, `make up` says why.' };
    case 'running':
      return { what: `${name} runs and is not ready`, fix: `See \`make logs NAME=${name}\`.` };
  }
}
