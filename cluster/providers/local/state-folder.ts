/**
 * The folder that holds everything of one local cluster (`.vase/` in the checkout): its state file, lock, logs and
 * data. Nothing else is written.
 */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export interface StateFolder {
  root: string;
  stateFile: string;
  lockFile: string;
  logs: string;
  data: string;
  /** One file for each process that a test has killed: see `marks.ts`. */
  killed: string;
}

export function stateFolder(root: string): StateFolder {
  const absolute = resolve(root);
  return {
    root: absolute,
    stateFile: join(absolute, 'cluster.json'),
    lockFile: join(absolute, 'lock'),
    logs: join(absolute, 'logs'),
    data: join(absolute, 'data'),
    killed: join(absolute, 'killed'),
  };
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
