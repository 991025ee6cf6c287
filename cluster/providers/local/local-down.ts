/** `down` and `clean` for the local provider: view servers first, then sharders, then members, then whatever else this folder's cluster left. */
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fetchedFolder } from '../../etcd/etcd-binary.ts';
import type { EtcdCaller } from '../../etcd/etcd-caller.ts';
import type { Step } from '../steps.ts';
import { askMembers } from './ask-members.ts';
import { membersOf, readState, writeState, type ClusterState, type Owner } from './cluster-state.ts';
import { keeperStopGraceMs } from './local-keeper.ts';
import { sharderStopGraceMs } from './local-sharder.ts';
import { viewServerStopGraceMs } from './local-view-server.ts';
import { processTitle } from './managed-process.ts';
import { identifyProcess, listCommandLines, stopProcess, type ProcessIdentity } from './process-identity.ts';
import { removeGroups } from './control-groups.ts';
import type { StateFolder } from './state-folder.ts';

/**
 * A follower ends within milliseconds, a leader without followers too; one that waits in vain for a successor would take
 * 7 s. Past this it is killed: what it has acknowledged is on disk.
 */
const memberStopGraceMs = 5000;

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
    { title: 'Look for strays', run: ({ folder }) => stopStrays(folder, memberStopGraceMs) },
  ];
}

/** What is deleted anyway needs no time to end well. */
export function cleanSteps(): Step<DownContext>[] {
  return [
    { title: 'Stop what runs', run: ({ folder }) => stopStrays(folder, 0) },
    { title: 'Delete the data', run: deleteAll },
  ];
}

/** It could do nothing while the lock is held, and need not see that. */
async function stopKeeper({ folder }: DownContext): Promise<string> {
  const state = readState(folder);
  if (state?.keeper === undefined) return 'none';
  return describeStopped(await stopAll({ folder, state }, [state.keeper], keeperStopGraceMs));
}

/** First, so that none starts anything while the rest is stopped. */
async function stopViewServers({ folder }: DownContext): Promise<string> {
  const state = readState(folder);
  if (state === null) return 'none';
  return describeStopped(await stopAll({ folder, state }, state.viewServers, viewServerStopGraceMs));
}

async function stopSharders({ folder }: DownContext): Promise<string> {
  const state = readState(folder);
  if (state === null) return 'none';
  return describeStopped(await stopAll({ folder, state }, state.sharders, sharderStopGraceMs));
}

/** Followers first: a leader that ends looks for a successor as long as it takes any other member for alive. */
async function stopMembers({ folder, rpc }: DownContext): Promise<string> {
  const state = readState(folder);
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
 * A command that was killed between starting a process and recording it leaves a stray. Its command line names this
 * state folder, so it can be found.
 */
async function stopStrays(folder: StateFolder, graceMs: number): Promise<string> {
  const strays = await findStrays(folder);
  await Promise.all(strays.map((stray) => stopProcess(stray, { graceMs })));
  await removeGroups(folder);
  return strays.length === 0 ? 'none' : `${strays.length} stopped`;
}

async function findStrays(folder: StateFolder): Promise<ProcessIdentity[]> {
  const ours = (await listCommandLines()).filter(({ commandLine }) => isOurs(commandLine, folder));
  const identities = await Promise.all(ours.map(({ pid }) => identifyProcess(pid)));
  return identities.filter((identity) => identity !== null);
}

function isOurs(commandLine: string, folder: StateFolder): boolean {
  if (/(^|\/)etcd --name=\S+ --data-dir=/.test(commandLine)) {
    return commandLine.includes(` --data-dir=${folder.data}/`);
  }
  const title = /^vase (keeper|(?:sharder|view-server)-\d+) of /.exec(commandLine);
  return title !== null && commandLine === processTitle(folder.root, title[1]!);
}

/** Deletes what Vase has put into the folder and nothing else: the folder may be one that the user had before. */
async function deleteAll({ folder }: DownContext): Promise<void> {
  for (const path of [folder.data, folder.logs, folder.killed, folder.stateFile]) {
    rmSync(path, { recursive: true, force: true });
  }
  const leftovers = /^(cluster\.json|lock)\./;
  for (const name of readdirSync(folder.root)) {
    if (leftovers.test(name)) rmSync(join(folder.root, name), { force: true });
  }
}

/** A fetched etcd goes with the cluster whose folder holds it; one that the user put beside it stays. */
export function deleteFetchedEtcd(folder: StateFolder, binaries: string): void {
  if (dirname(binaries) !== folder.root) return;
  rmSync(fetchedFolder({ binaries }), { recursive: true, force: true });
  deleteIfEmpty(binaries);
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
