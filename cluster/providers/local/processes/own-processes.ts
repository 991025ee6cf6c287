/**
 * Processes of a state folder's cluster, found without its records: a command that was killed between starting a process and
 * recording it leaves a stray, and a state file may be lost. Their command lines name the folder, in any spelling.
 */
import { dirname } from 'node:path';
import type { MemberState } from '../state/cluster-state.ts';
import { processTitle } from './managed-process.ts';
import {
  identifyProcess,
  listCommandLines,
  stopProcess,
  type ProcessIdentity,
} from '../../../host/process-identity.ts';
import { canonicalPath, dataFolderOf, type StateFolder } from '../../../state/state-folder.ts';

export async function findOwnProcesses(folder: StateFolder): Promise<ProcessIdentity[]> {
  const own = (await listCommandLines()).filter(({ commandLine }) => isOwn(commandLine, folder));
  const identities = await Promise.all(own.map(({ pid }) => identifyProcess(pid)));
  return identities.filter((identity) => identity !== null);
}

/**
 * A command or a view server that was killed between starting a member and recording it has left a stray that holds the member's
 * ports and data; its command line shows that. It is killed: what it has acknowledged is on disk.
 */
export async function stopStrays(
  folder: StateFolder,
  members: readonly Pick<MemberState, 'name' | 'process'>[],
): Promise<void> {
  const recorded = new Set(members.map(({ process }) => process?.pid));
  const dataFolders = new Set<string | null>(
    members.map(({ name }) => canonicalPath(dataFolderOf(folder, name))),
  );
  const strays = (await listCommandLines()).filter(
    ({ pid, commandLine }) => !recorded.has(pid) && dataFolders.has(dataFolderIn(commandLine)),
  );
  for (const { pid } of strays) {
    const identity = await identifyProcess(pid);
    if (identity !== null) await stopProcess(identity, { graceMs: 0 });
  }
}

/** The data folder that an etcd was started on, as its canonical path; null for any other process. */
function dataFolderIn(commandLine: string): string | null {
  const found = /(?:^|\/)etcd --name=\S+ --data-dir=(.*?)(?: --|$)/.exec(commandLine);
  return found === null ? null : sameName(found[1]!);
}

function isOwn(commandLine: string, folder: StateFolder): boolean {
  const dataFolder = dataFolderIn(commandLine);
  if (dataFolder !== null) return dirname(dataFolder) === sameName(folder.data);
  const title = /^vase (keeper|(?:sharder|view-server)-\d+) of (.*)$/.exec(commandLine);
  // A long title is cut. A cut title must not match another folder, so only a whole name counts.
  return (
    title !== null && processTitle(sameName(title[2]!), title[1]!) === processTitle(folder.root, title[1]!)
  );
}

/** Returns a path that cannot be resolved unchanged, such as one below a folder without permission: it matches no folder. */
function sameName(path: string): string {
  try {
    return canonicalPath(path);
  } catch {
    return path;
  }
}
