/**
 * Control groups for single processes, version 1 or 2, where this user may make some: one group for each cluster, and in it
 * one for each process, with the process's name. Where there are none nothing fails; the result tells the caller.
 */
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StateFolder } from '../../../state/state-folder.ts';

const controlGroups = '/sys/fs/cgroup';
const removalsMax = 40;
const removalPauseMs = 25;

/** With their names in version 2. */
export type Controller = 'cpu' | 'memory' | 'io';

const controllers: readonly Controller[] = ['cpu', 'memory', 'io'];
const namesInVersion1 = { cpu: 'cpu', memory: 'memory', io: 'blkio' };

export type GroupVersion = 1 | 2;

/** A file of a group and what to write into it, one line. */
export type GroupLine = readonly [file: string, line: string];

export interface Controlled {
  folder: StateFolder;
  /** The process's name: "etcd-1-0". */
  name: string;
  pid: number;
}

/**
 * Puts a process into its group and writes the group's lines for one controller.
 * @returns false where this user may not, or the kernel has no such controller.
 */
export function controlProcess(
  { folder, name, pid }: Controlled,
  controller: Controller,
  linesFor: (version: GroupVersion) => readonly GroupLine[],
): boolean {
  const parent = parentOf(controller);
  if (parent === null) return false;
  const cluster = join(parent.path, clusterGroup(folder));
  const group = join(cluster, name);
  try {
    mkdirSync(group, { recursive: true });
    // Version 2 gives a group only the controllers that every level above it passes on.
    const levels = parent.version === 2 ? [parent.path, cluster] : [];
    for (const level of levels) writeFileSync(join(level, 'cgroup.subtree_control'), `+${controller}`);
    for (const [file, line] of linesFor(parent.version)) writeFileSync(join(group, file), line);
    writeFileSync(join(group, 'cgroup.procs'), String(pid));
    return true;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    // Containers often show control groups that refuse every write.
    return false;
  }
}

/** What the kernel shows of a process's group. */
export interface Group {
  version: GroupVersion;
  /** The lines of one of its files; none where there is no such file. */
  lines(file: string): string[];
}

/** The process's group of one controller; null where it is in none of ours. */
export function groupOf({ folder, name, pid }: Controlled, controller: Controller): Group | null {
  const parent = parentOf(controller);
  if (parent === null) return null;
  const path = join(parent.path, clusterGroup(folder), name);
  const lines = (file: string) => {
    const full = join(path, file);
    return existsSync(full) ? readFileSync(full, 'utf8').trim().split('\n') : [];
  };
  return lines('cgroup.procs').includes(String(pid)) ? { version: parent.version, lines } : null;
}

/** Removes the groups of the cluster, whose processes have ended. */
export async function removeGroups(folder: StateFolder): Promise<void> {
  for (const cluster of clusterGroups(folder)) {
    const groups = readdirSync(cluster, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const group of groups) await removeGroup(join(cluster, group.name));
    await removeGroup(cluster);
  }
}

/** Removes the groups of one process, which has ended. */
export async function removeGroupsOf(folder: StateFolder, name: string): Promise<void> {
  for (const cluster of clusterGroups(folder)) await removeGroup(join(cluster, name));
}

function clusterGroups(folder: StateFolder): string[] {
  const parents = controllers.map(parentOf).filter((parent) => parent !== null);
  const paths = new Set(parents.map(({ path }) => join(path, clusterGroup(folder))));
  return [...paths].filter((path) => existsSync(path));
}

/** The kernel takes a moment to forget a process that has ended. The next `down` finds a group that stays. */
async function removeGroup(path: string): Promise<void> {
  for (let attempt = 0; attempt < removalsMax; attempt++) {
    try {
      rmdirSync(path);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return;
      await delay(removalPauseMs);
    }
  }
}

function clusterGroup(folder: StateFolder): string {
  return `vase-${createHash('sha256').update(folder.root).digest('hex').slice(0, 12)}`;
}

/** The hierarchy in which groups are made: version 2 has one, version 1 has one for each controller. */
function parentOf(controller: Controller): { version: GroupVersion; path: string } | null {
  if (process.platform !== 'linux') return null;
  const listing = join(controlGroups, 'cgroup.controllers');
  if (existsSync(listing)) {
    const has = readFileSync(listing, 'utf8').trim().split(' ').includes(controller);
    return has && isWritable(controlGroups) ? { version: 2, path: controlGroups } : null;
  }
  const path = join(controlGroups, namesInVersion1[controller]);
  return isWritable(path) ? { version: 1, path } : null;
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
