/** `down` and `clean` for the local provider: stop view servers first, then sharders, then members, then this folder's strays. */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ClusterError } from '../../errors.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { Step } from '../steps.ts';
import { askMembers } from './processes/ask-members.ts';
import {
  membersOf,
  ownersOf,
  readState,
  writeState,
  type ClusterState,
  type Owner,
} from './state/cluster-state.ts';
import { listData } from './state/found-files.ts';
import { describeData, readableState } from './status/found-data.ts';
import { keeperStopGraceMs } from './processes/local-keeper.ts';
import { sharderStopGraceMs } from './processes/local-sharder.ts';
import { viewServerStopGraceMs } from './processes/local-view-server.ts';
import { findOwnProcesses } from './processes/own-processes.ts';
import { processState, stopProcess, type ProcessIdentity } from '../../host/process-identity.ts';
import { removeGroups } from './limits/control-groups.ts';
import type { StateFolder } from '../../state/state-folder.ts';

/**
 * A follower ends within milliseconds, and so does a leader without followers; a leader that waits in vain for a successor
 * would take 7 s. After this time it is killed: what it has acknowledged is on disk.
 */
const memberStopGraceMs = 5000;
/** A keeper or a view server may have started something while it was itself being stopped. */
const stopRoundsMax = 5;

export interface DownContext {
  folder: StateFolder;
  rpc: EtcdCaller;
}

export function downSteps(): Step<DownContext>[] {
  return [
    { title: 'Stop the keeper', run: stopKeeper },
    { title: 'Stop the view servers', run: stopViewServers },
    { title: 'Stop the sharders', run: stopSharders },
    { title: 'Stop the members', run: stopMembers },
    { title: 'Look for strays', run: ({ folder }) => stopFound(folder, memberStopGraceMs) },
  ];
}

/** Processes whose data are deleted anyway need no time to end well. */
export function cleanSteps(): Step<DownContext>[] {
  return [
    { title: 'Look at what there is', run: async ({ folder }) => describeData(folder) ?? 'no data' },
    { title: 'Stop what runs', run: ({ folder }) => stopFound(folder, 0) },
    { title: 'Delete the data', run: deleteAll },
  ];
}

/** The keeper could do nothing while the lock is held, and need not find that out. */
async function stopKeeper({ folder }: DownContext): Promise<string> {
  const state = readOrLeave(folder);
  if (state?.keeper === undefined) return 'none';
  return describeStopped(await stopAll({ folder, state }, [state.keeper], keeperStopGraceMs));
}

/** View servers are stopped first, so that none starts anything while the rest is stopped. */
async function stopViewServers({ folder }: DownContext): Promise<string> {
  const state = readOrLeave(folder);
  if (state === null) return 'none';
  return describeStopped(await stopAll({ folder, state }, state.viewServers, viewServerStopGraceMs));
}

async function stopSharders({ folder }: DownContext): Promise<string> {
  const state = readOrLeave(folder);
  if (state === null) return 'none';
  return describeStopped(await stopAll({ folder, state }, state.sharders, sharderStopGraceMs));
}

/** Followers are stopped first: a leader that ends looks for a successor while it takes any other member for alive. */
async function stopMembers({ folder, rpc }: DownContext): Promise<string> {
  const state = readOrLeave(folder);
  if (state === null) return 'none';
  const running = membersOf(state).filter(({ process }) => process !== null);
  const answers = await askMembers(rpc, running);
  const choose = (leads: boolean) =>
    answers.filter((answer) => answer.leads === leads).map(({ member }) => member);
  let stopped = 0;
  for (const members of [choose(false), choose(true)]) {
    stopped += await stopAll({ folder, state }, members, memberStopGraceMs);
  }
  return describeStopped(stopped);
}

/** Also null for a state that cannot be read: its processes are found among the strays. */
function readOrLeave(folder: StateFolder): ClusterState | null {
  try {
    return readState(folder);
  } catch (error) {
    if (error instanceof ClusterError) return null;
    throw error;
  }
}

async function stopAll(
  { folder, state }: { folder: StateFolder; state: ClusterState },
  owners: readonly Pick<Owner, 'process' | 'restarts'>[],
  graceMs: number,
): Promise<number> {
  const running = owners.filter(({ process }) => process !== null);
  await Promise.all(running.map(({ process }) => stopProcess(process!, { graceMs })));
  for (const owner of running) {
    owner.process = null;
    delete owner.restarts;
  }
  writeState(folder, state);
  return running.length;
}

function describeStopped(count: number): string {
  return count === 0 ? 'none were running' : `${count} stopped`;
}

/**
 * Stops the processes that the state records and those whose command line names this folder, until none is left.
 * @throws ClusterError when one is left.
 */
async function stopFound(folder: StateFolder, graceMs: number): Promise<string> {
  let stopped = 0;
  for (let round = 0; round < stopRoundsMax; round++) {
    const running = await findRunning(folder);
    if (running.length === 0) {
      await removeGroups(folder);
      return stopped === 0 ? 'none' : `${stopped} stopped`;
    }
    await Promise.all(running.map((process) => stopProcess(process, { graceMs })));
    stopped += running.length;
  }
  const left = await findRunning(folder);
  const pids = left.map(({ pid }) => pid).join(', ');
  throw new ClusterError(
    `something starts processes of ${folder.root} as fast as they are stopped: ${pids}`,
    {
      nextStep: 'Stop what starts them, then run this again. No data were deleted.',
    },
  );
}

async function findRunning(folder: StateFolder): Promise<ProcessIdentity[]> {
  const found = await findOwnProcesses(folder);
  for (const process of recordedProcesses(folder)) {
    if (found.some(({ pid }) => pid === process.pid)) continue;
    if ((await processState(process)) !== 'gone') found.push(process);
  }
  return found;
}

/** Empty where neither the state nor its copy can be read: then only processes found by their command line can be stopped. */
function recordedProcesses(folder: StateFolder): ProcessIdentity[] {
  const state = readableState(folder);
  if (state === null) return [];
  const owners = [...ownersOf(state), ...(state.keeper ? [state.keeper] : [])];
  return owners.flatMap(({ process }) => process ?? []);
}

/** Deletes what Vase has put into the folder and nothing else: the folder may be one that the user had before. */
async function deleteAll({ folder }: DownContext): Promise<void> {
  // It may be a symbolic link to a larger disk, to a folder that also holds files of others.
  for (const name of listData(folder)) rmSync(join(folder.data, name), { recursive: true, force: true });
  const others = existsSync(folder.data) ? readdirSync(folder.data) : [];
  // Including what an interrupted write has left.
  const copies = others.filter((name) => name.startsWith(basename(folder.stateCopy)));
  for (const name of copies) rmSync(join(folder.data, name), { force: true });
  if (copies.length === others.length) rmSync(folder.data, { recursive: true, force: true });
  for (const path of [folder.logs, folder.killed, folder.stateFile])
    rmSync(path, { recursive: true, force: true });
  const leftovers = /^(cluster\.json|lock)\./;
  for (const name of readdirSync(folder.root)) {
    if (leftovers.test(name)) rmSync(join(folder.root, name), { force: true });
  }
}

/** Called once the lock is given back. A folder that holds anything else stays. */
export function deleteEmptyRoot(folder: StateFolder): void {
  deleteIfEmpty(folder.root);
}

function deleteIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
}
