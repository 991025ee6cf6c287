/**
 * CPU and memory limits of single processes by control groups, version 1 or 2, where this user may make some. A machine
 * that cannot enforce a limit is told of in `status`; nothing fails for it.
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
import { byteCount, milliCores } from '../../quantity.ts';
import type { Topology } from '../../topology.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { StateFolder } from './state-folder.ts';

type Limits = Topology['resources']['etcd'];

const controlGroups = '/sys/fs/cgroup';
/** The kernel hands out processor time per period; 100 ms is its own default. */
const periodUs = 100_000;
const removalsMax = 40;
const removalPauseMs = 25;

/** Puts a process that has just started under its limits, where this user may; `isLimited` says whether it worked. */
export function limitProcess(
  folder: StateFolder,
  name: string,
  process: ProcessIdentity,
  limits: Limits,
): void {
  for (const parent of parentsFor(limits)) {
    const cluster = join(parent.path, clusterGroup(folder));
    const group = join(cluster, name);
    try {
      mkdirSync(group, { recursive: true });
      // Version 2 gives a group only the controllers that each level above hands down.
      const levels = parent.version === 2 ? [parent.path, cluster] : [];
      for (const level of levels) writeFileSync(join(level, 'cgroup.subtree_control'), '+cpu +memory');
      for (const [file, value] of settings(parent, limits)) writeFileSync(join(group, file), value);
      writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      // Containers often show control groups that refuse every write.
    }
  }
}

/** Whether every limit that is set holds for this process. */
export function isLimited(folder: StateFolder, name: string, pid: number, limits: Limits): boolean {
  if (limits.cpu === null && limits.memory === null) return true;
  const parents = parentsFor(limits);
  return (
    parents.length > 0 &&
    parents.every(({ path }) => hasProcess(join(path, clusterGroup(folder), name, 'cgroup.procs'), pid))
  );
}

function hasProcess(file: string, pid: number): boolean {
  return existsSync(file) && readFileSync(file, 'utf8').split('\n').includes(String(pid));
}

/** Removes the groups of the cluster, whose processes have ended. */
export async function removeLimits(folder: StateFolder): Promise<void> {
  for (const parent of groupParents()) {
    const cluster = join(parent.path, clusterGroup(folder));
    if (!existsSync(cluster)) continue;
    const groups = readdirSync(cluster, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const group of groups) await removeGroup(join(cluster, group.name));
    await removeGroup(cluster);
  }
}

/** The kernel takes a moment to forget a process that has ended. A group that stays is found by the next `down`. */
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

interface GroupParent {
  version: 1 | 2;
  path: string;
  controllers: readonly ('cpu' | 'memory')[];
}

/** The hierarchies to make groups in: one for version 2, one per controller for version 1, none where not permitted. */
function groupParents(): GroupParent[] {
  if (process.platform !== 'linux') return [];
  if (existsSync(join(controlGroups, 'cgroup.controllers'))) {
    return isWritable(controlGroups)
      ? [{ version: 2, path: controlGroups, controllers: ['cpu', 'memory'] }]
      : [];
  }
  return (['cpu', 'memory'] as const)
    .map((controller): GroupParent => ({
      version: 1,
      path: join(controlGroups, controller),
      controllers: [controller],
    }))
    .filter((parent) => isWritable(parent.path));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function parentsFor(limits: Limits): GroupParent[] {
  return groupParents().filter((parent) => settings(parent, limits).length > 0);
}

/** Files of a group and what to write into them. */
function settings(parent: GroupParent, limits: Limits): [string, string][] {
  const files: [string, string][] = [];
  if (limits.cpu !== null && parent.controllers.includes('cpu')) {
    const quotaUs = String((milliCores(limits.cpu) * periodUs) / 1000);
    if (parent.version === 2) files.push(['cpu.max', `${quotaUs} ${periodUs}`]);
    else files.push(['cpu.cfs_period_us', String(periodUs)], ['cpu.cfs_quota_us', quotaUs]);
  }
  if (limits.memory !== null && parent.controllers.includes('memory')) {
    const bytes = String(byteCount(limits.memory));
    files.push([parent.version === 2 ? 'memory.max' : 'memory.limit_in_bytes', bytes]);
  }
  return files;
}
