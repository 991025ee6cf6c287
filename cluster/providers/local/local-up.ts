/**
 * `up` for the local provider: find etcd, start the shards, write the records, start the sharders and the
 * view servers, prove that it serves.
 * Idempotent, and all or nothing: what a failed or interrupted call had started is stopped again.
 */
import { rmSync } from 'node:fs';
import { ClusterError } from '../../errors.ts';
import { otherForNew, refuseOtherNamed, wayToAnother } from '../../etcd/cluster-etcd.ts';
import { dataBugNotes } from '../../etcd/data-bugs.ts';
import { readMirroredView } from '../../records/mirrored-view.ts';
import { writeRecords } from '../../records/records.ts';
import { proveServing } from '../serving-probe.ts';
import { slotOf } from '../../../sharder/core/slot.ts';
import { shardName, type ViewShard } from '../../../sharder/core/view.ts';
import { hashText } from '../../../sharder/hash.ts';
import { noView } from '../dead-shard.ts';
import type { ActionOptions, UpResult } from '../provider.ts';
import { counted, runSteps, type Step } from '../steps.ts';
import { membersOf, ownersOf, writeState, type ClusterState } from './state/cluster-state.ts';
import { noteAdded } from './members/add-member.ts';
import { removeGroups } from './limits/control-groups.ts';
import { diskSteps, emulateDisks } from './limits/emulate-disk.ts';
import { settleCorruptShards } from './members/corrupt-shards.ts';
import { freeFullShards } from './members/full-shards.ts';
import { etcdSearch } from '../../etcd/etcd-binary.ts';
import { isHomeDead, save, type LocalContext } from './state/local-context.ts';
import { startKeeper } from './processes/local-keeper.ts';
import { endpointsOf } from './processes/local-shard.ts';
import {
  sharderStopGraceMs,
  startSharder,
  startSharders,
  waitUntilReady,
} from './processes/local-sharder.ts';
import { startViewServer, startViewServers } from './processes/local-view-server.ts';
import { demandEtcd, findMemberEtcd, recordEtcd } from './processes/member-etcd.ts';
import { describeSizes } from '../member-numbers.ts';
import { settleSize } from './members/member-rules.ts';
import { keepsRunning } from './processes/managed-process.ts';
import { otherListener } from '../../host/port-sharing.ts';
import { localHost } from '../../host/local-host.ts';
import { processState, stopProcess } from '../../host/process-identity.ts';
import { limitProcesses, limitSteps } from './limits/resource-limits.ts';
import { settleMembers } from './members/settle-members.ts';
import { startShard } from './members/start-shard.ts';
import { dataFolderOf } from '../../state/state-folder.ts';

/**
 * Works towards `context.state`.
 * @param before the state as it was; null for a new cluster, of which a failure leaves only the logs.
 */
export async function bringUp(
  context: LocalContext,
  before: ClusterState | null,
  options: ActionOptions,
): Promise<UpResult> {
  const { state } = context;
  const ranBefore = await runningServants(before);
  try {
    const steps = await runSteps(upSteps(context), context, options);
    state.sharders.length = state.topology.sharders;
    state.viewServers.length = state.topology.viewServers;
    save(context);
    return {
      endpoint: publicEndpoint(context),
      topology: state.topology,
      size: describeSizes(state.shards.map(({ members }) => members.length)),
      changed: true,
      steps,
      left: context.left?.problems ?? [],
      notes: await etcdNotes(context),
    };
  } catch (error) {
    await rollBack(context, before, ranBefore);
    throw error;
  }
}

/** The names of the sharders and view servers that run. `up` never stops a running member. */
async function runningServants(state: ClusterState | null): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for (const { name, process } of [...(state?.sharders ?? []), ...(state?.viewServers ?? [])])
    if (process !== null && (await processState(process)) !== 'gone') names.add(name);
  return names;
}

function publicEndpoint(context: Pick<LocalContext, 'state'>): string {
  return `http://${localHost}:${context.state.httpPort}`;
}

function upSteps({ folder, state, settings }: LocalContext): Step<LocalContext>[] {
  const { topology, shards, sharders, viewServers } = state;
  const surplus = [
    ...surplusOf(sharders.length - topology.sharders, 'sharder'),
    ...surplusOf(viewServers.length - topology.viewServers, 'view server'),
  ];
  const stopSurplus: Step<LocalContext>[] =
    surplus.length > 0 ? [{ title: `Stop ${surplus.join(' and ')}`, run: stopSurplusStep }] : [];
  const startViewServersToo: Step<LocalContext>[] =
    topology.viewServers > 0
      ? [{ title: `Start ${counted(topology.viewServers, 'view server')}`, run: startViewServersStep }]
      : [];
  return [
    { title: 'Find etcd', run: findEtcdStep },
    {
      title: `Start ${counted(shards.length, 'shard')} of ${describeSizes(shards.map(({ members }) => members.length))}`,
      run: startShardsStep,
    },
    ...diskSteps(folder, state),
    ...limitSteps(folder, state),
    { title: 'Write the view and the fences', run: writeRecordsStep },
    { title: `Start ${counted(topology.sharders, 'sharder')}`, run: startShardersStep },
    ...startViewServersToo,
    ...stopSurplus,
    { title: 'Write and read a key on every shard', run: proveServingStep },
    ...(settings.keeper === false ? [] : [{ title: 'Start the keeper', run: startKeeper }]),
  ];
}

function surplusOf(count: number, noun: string): string[] {
  return count > 0 ? [counted(count, noun)] : [];
}

/** @throws ClusterError where a member does not run and there is no etcd of the cluster's release: nothing is started. */
async function findEtcdStep(context: LocalContext, say: (text: string) => void): Promise<string> {
  Object.assign(context, await findMemberEtcd(context, { signal: context.signal, progress: say }));
  if (context.etcd !== null) await refuseOtherNamed(context.etcd.version, etcdSearch(context.settings));
  recordEtcd(context);
  save(context);
  const { etcd, etcdFault, state } = context;
  const why = context.etcdWhy === undefined ? '' : `: ${context.etcdWhy}`;
  if (etcd !== null) return `${etcd.version} at ${etcd.path}${why}`;
  const states = await Promise.all(
    membersOf(state).map(async ({ process }) => process && processState(process)),
  );
  if (states.some((found) => found === null || found === 'gone')) demandEtcd(context);
  return `${etcdFault!.message}; all members run`;
}

/** What a user should know about the running etcd, and about the one that a new cluster would run. */
export async function etcdNotes({
  state,
  settings,
}: Pick<LocalContext, 'state' | 'settings'>): Promise<string[]> {
  if (state.etcd === undefined) return [];
  const other = await otherForNew(state.etcd, etcdSearch(settings));
  return [...(other === null ? [] : [other]), ...dataBugNotes([state.etcd.version], wayToAnother)];
}

/** Members that do not end soon are killed: their data are on disk, as after any crash. */
const rollbackGraceMs = 3000;

/** All shards at once: each elects on its own, and elections are mostly waiting. */
async function startShardsStep(context: LocalContext): Promise<string> {
  const before = context.started.length;
  const starts = await Promise.allSettled(context.state.shards.map((shard) => startShard(context, shard)));
  const shards = starts.map((start) => {
    if (start.status === 'rejected') throw start.reason;
    return start.value;
  });
  const dead = shards.filter(({ leader }) => leader === null).map(({ shard }) => shard);
  const settled = await settleMembers(context, shards);
  context.left = {
    problems: shards.flatMap(({ problems }) => problems),
    deadShards: new Set(dead.map(({ id }) => id)),
  };
  const started = context.started.length - before;
  const corrupt = await settleCorruptShards(context);
  context.left = {
    problems: [...context.left.problems, ...corrupt.left.map(({ problem }) => problem)],
    deadShards: new Set([...context.left.deadShards, ...corrupt.left.map(({ id }) => id)]),
  };
  const freed = await freeFullShards(context);
  const same =
    corrupt.healed.length === 0 ? '' : `; the same data on all members again: ${corrupt.healed.join(', ')}`;
  const again = freed.length === 0 ? '' : `; full before and defragmented: ${freed.join(', ')}`;
  const without = dead.length === 0 ? '' : `; dead: ${dead.map(({ id }) => shardName(id)).join(', ')}`;
  const leaders = shards.flatMap(({ leader }) => leader ?? []);
  return `${started === 0 ? 'all were running' : `${started} started`}; leaders ${[leaders.join(', '), ...settled].join('; ')}${same}${again}${without}`;
}

async function writeRecordsStep(context: LocalContext): Promise<string> {
  const shards = context.state.shards.map((shard) => ({ id: shard.id, endpoints: endpointsOf(shard) }));
  if (isHomeDead(context)) return takeMirroredView(context, shards);
  const { view, created } = await writeRecords(context.rpc, shards, context.left?.deadShards);
  context.view = view;
  for (const member of membersOf(context.state))
    if (member.adding !== undefined && member.joining === undefined) noteAdded(context, member);
  return `epoch ${view.epoch}, ${created === 0 ? 'all were there' : `${created} written`}`;
}

/**
 * Sharders can also start from the copies; nothing is written.
 * @throws ClusterError when no running shard has a copy.
 */
async function takeMirroredView(context: LocalContext, shards: readonly ViewShard[]): Promise<string> {
  const { problems, deadShards } = context.left!;
  const alive = shards.filter(({ id }) => !deadShards.has(id));
  const view = await readMirroredView(context.rpc, shards[0]!.endpoints, alive);
  if (view === null) throw noView(problems);
  context.view = view;
  return `epoch ${view.epoch}, read from a copy: the home shard is dead, and nothing was written`;
}

async function proveServingStep(context: LocalContext): Promise<void> {
  const { view, left, signal } = context;
  const { slots } = view!;
  const serves = (id: number) => !left?.deadShards.has(id);
  await proveServing({
    endpoint: publicEndpoint(context),
    shards: [...new Set(slots)].filter(serves).map(shardName),
    ownerOf: (key) => shardName(slots[slotOf(key, hashText)]!),
    signal,
  });
}

async function startShardersStep(context: LocalContext): Promise<string> {
  const started = await startSharders(context);
  if (started > 0) await demandOwnPort(context);
  return started === 0 ? 'all were running' : `${started} started, on port ${context.state.httpPort}`;
}

/** The port was free when this `up` began; sharders of a cluster that started at the same time may have bound it, too. */
async function demandOwnPort({ state }: LocalContext): Promise<void> {
  const own = state.sharders.flatMap(({ process }) => process?.pid ?? []);
  const other = await otherListener(state.httpPort, own);
  if (other === null) return;
  throw new ClusterError(`port ${state.httpPort} is shared with ${other}: its requests would reach either`, {
    nextStep: 'Stop that, or choose another port: `make up PORT=5001`, or `make up PORT=0` for any free one.',
  });
}

async function startViewServersStep(context: LocalContext): Promise<string> {
  const started = await startViewServers(context);
  const how = isHomeDead(context) ? '; none can lead without the home shard' : '';
  return `${started === 0 ? 'all were running' : `${started} started`}${how}`;
}

/** Their records are removed only when all is done: until then a failure needs them. */
async function stopSurplusStep({ state, folder }: LocalContext): Promise<void> {
  const surplus = [
    ...state.sharders.slice(state.topology.sharders),
    ...state.viewServers.slice(state.topology.viewServers),
  ];
  await Promise.all(
    surplus.map(async (owner) => {
      if (owner.process !== null) await stopProcess(owner.process, { graceMs: sharderStopGraceMs });
      owner.process = null;
    }),
  );
  writeState(folder, state);
}

/**
 * Stops what this call has started, drops the topology that could not be reached, and restarts what the call had stopped
 * for it.
 */
async function rollBack(
  context: LocalContext,
  before: ClusterState | null,
  ranBefore: ReadonlySet<string>,
): Promise<void> {
  const { state, folder } = context;
  await Promise.all(context.started.map((process) => stopProcess(process, { graceMs: rollbackGraceMs })));
  if (before === null) {
    // A cluster that was never ready holds no user's data, and `up` begins one only where there are none.
    for (const shard of state.shards) shard.formed = false;
    save(context);
    await removeGroups(folder);
    for (const { name } of membersOf(state))
      rmSync(dataFolderOf(folder, name), { recursive: true, force: true });
    for (const path of [folder.stateCopy, folder.stateFile]) rmSync(path, { force: true });
    return;
  }
  const stopped = new Set(context.started);
  for (const owner of [...ownersOf(state), ...(state.keeper ? [state.keeper] : [])]) {
    if (owner.process !== null && stopped.has(owner.process)) owner.process = null;
  }
  state.topology = before.topology;
  settleSize(state);
  state.httpPort = before.httpPort;
  state.sharders.length = before.sharders.length;
  state.viewServers = state.viewServers.slice(0, before.viewServers.length);
  for (const [index, { port }] of before.viewServers.entries()) state.viewServers[index]!.port = port;
  save(context);
  await startAgain(context, ranBefore);
  await emulateDisks(folder, state);
  await limitProcesses(folder, state);
}

/** The abort or error that ended this `up` does not end this. `status` reports a process that cannot be started. */
async function startAgain(context: LocalContext, names: ReadonlySet<string>): Promise<void> {
  const { signal } = new AbortController();
  const again: LocalContext = { ...context, signal, started: [] };
  const { sharders, viewServers } = context.state;
  await Promise.allSettled([
    ...sharders.map(async (sharder) => {
      if (!names.has(sharder.name) || (await keepsRunning(sharder.process))) return;
      await startSharder(again, sharder);
      await waitUntilReady(again, sharder);
    }),
    ...viewServers.map(async (viewServer) => {
      if (!names.has(viewServer.name) || (await keepsRunning(viewServer.process))) return;
      await startViewServer(again, viewServer);
    }),
  ]);
}
