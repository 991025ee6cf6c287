/** What a state folder holds: for `clean`, which says so before it deletes, and for `up`, which never deletes it. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ClusterError } from '../../../errors.ts';
import type { Problem } from '../../provider.ts';
import { counted } from '../../steps.ts';
import { membersOf, readState, readStateCopy, type ClusterState } from '../state/cluster-state.ts';
import { findOwnProcesses } from '../processes/own-processes.ts';
import { holdsCluster, listData } from '../state/found-files.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

/** At most this many names are listed in a sentence. */
const namesMax = 12;

/** The kept data of replaced members, for the status. */
export function keptNotes(folder: StateFolder): string[] {
  const kept = listData(folder).filter((name) => name.includes('.kept-'));
  if (kept.length === 0) return [];
  return [
    `Kept of members that were replaced, in ${folder.data}: ${enumerate(kept)}. Nothing needs them; \`make clean\` deletes them.`,
  ];
}

/**
 * The state of a cluster whose state file is gone, from the copy beside its data; null where nothing of a cluster is left.
 * @throws ClusterError where there are data, or processes, of an unknown cluster.
 */
export async function recoverState(folder: StateFolder): Promise<ClusterState | null> {
  const copy = readStateCopy(folder);
  if (copy !== null) return copy;
  const names = listData(folder);
  const processes = await findOwnProcesses(folder);
  if (names.length === 0 && processes.length === 0) return null;
  const has = names.length === 0 ? '' : `${folder.data} holds ${enumerate(names)}, `;
  const runs = processes.length === 0 ? '' : `${counted(processes.length, 'process')} of it still run, `;
  throw new ClusterError(
    `there is a cluster whose state file ${folder.stateFile} is gone: ${has}${runs}and \`up\` neither starts another ` +
      'one over it nor deletes it',
    {
      nextStep:
        `Put ${basename(folder.stateFile)} back (or, as ${folder.stateCopy}, a copy of it). Or run \`make clean\`: it says what ` +
        'there is, stops what runs and deletes the data. Or name another folder with VASE_STATE.',
    },
  );
}

/** The problems of a cluster that exists without a state file, for the status of the folder. */
export function problemsWithoutState(folder: StateFolder): Problem[] {
  if (!holdsCluster(folder)) return [];
  const fix = existsSync(folder.stateCopy)
    ? `\`make up\` goes by the copy ${folder.stateCopy}.`
    : '`make up` says what can be done.';
  return [{ what: `the state file ${folder.stateFile} of a cluster is gone`, fix }];
}

/** One sentence: whose data these are, and how much; null where there are none. */
export function describeData(folder: StateFolder): string | null {
  const names = listData(folder);
  const state = readableState(folder);
  if (names.length === 0 && state === null) return null;
  const bytes = names.reduce((sum, name) => sum + sizeOf(join(folder.data, name)), 0);
  const whose =
    state === null
      ? 'a cluster whose state file is gone'
      : `cluster ${state.topology.name}, ${counted(state.shards.length, 'shard')} of ` +
        `${counted(membersOf(state).length, 'member')} in all`;
  const held = names.length === 0 ? 'no data' : `${enumerate(names)} (${describeBytes(bytes)})`;
  return `${whose}: ${held} in ${folder.data}`;
}

/** The state from the state file or its copy, whichever can be read; null for neither. */
export function readableState(folder: StateFolder): ClusterState | null {
  for (const read of [readState, readStateCopy]) {
    try {
      const state = read(folder);
      if (state !== null) return state;
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
    }
  }
  return null;
}

/** The files' size on the disk: for a log that etcd has preallocated it is less than the files' own size. */
function sizeOf(path: string): number {
  let bytes = 0;
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.blocks * 512;
  for (const name of readdirSync(path)) bytes += sizeOf(join(path, name));
  return bytes;
}

function describeBytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB on disk`;
}

function enumerate(names: readonly string[]): string {
  const rest = names.length - namesMax;
  return rest > 0 ? `${names.slice(0, namesMax).join(', ')} and ${rest} more` : names.join(', ');
}
