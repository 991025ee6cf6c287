/**
 * The folder that holds everything of one local cluster (`.vase/` in the checkout): its state file, lock, logs and
 * data. Nothing else is written.
 */
import { mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

export interface StateFolder {
  /** Without symbolic links: one folder has one name, however it is spelt. */
  root: string;
  stateFile: string;
  /** A copy of the state, beside the data: `up` reads it when the state file is gone. */
  stateCopy: string;
  lockFile: string;
  logs: string;
  data: string;
  /** One file for each process that a test has killed: see `marks.ts`. */
  killed: string;
}

export function stateFolder(root: string): StateFolder {
  const absolute = canonicalPath(root);
  return {
    root: absolute,
    stateFile: join(absolute, 'cluster.json'),
    stateCopy: join(absolute, 'data', 'cluster.json'),
    lockFile: join(absolute, 'lock'),
    logs: join(absolute, 'logs'),
    data: join(absolute, 'data'),
    killed: join(absolute, 'killed'),
  };
}

/** The one name of a path whose last parts need not exist. Relative to the current folder. */
export function canonicalPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch (error) {
    const parent = dirname(absolute);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === absolute) throw error;
    return join(canonicalPath(parent), basename(absolute));
  }
}

export function createStateFolder(folder: StateFolder): void {
  for (const path of [folder.root, folder.logs, folder.data])
    mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** The log of the process with this name; the one before it has the suffix ".1". */
export function logFileOf(folder: StateFolder, name: string): string {
  return join(folder.logs, `${name}.log`);
}

export function dataFolderOf(folder: StateFolder, memberName: string): string {
  return join(folder.data, memberName);
}
