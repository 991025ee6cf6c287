/**
 * CPU and memory limits of single processes by control groups, where this user may make some. A machine that cannot
 * enforce a limit is told of in `status`; nothing fails for it.
 */
import { byteCount, milliCores } from '../../quantity.ts';
import type { Topology } from '../../topology.ts';
import { controlProcess, groupOf, type GroupLine, type GroupVersion } from './control-groups.ts';
import type { ProcessIdentity } from './process-identity.ts';
import type { StateFolder } from './state-folder.ts';

type Limits = Topology['resources']['etcd'];

/** The kernel hands out processor time per period; 100 ms is its own default. */
const periodUs = 100_000;

/** Puts a process that has just started under its limits, where this user may; `isLimited` says whether it worked. */
export function limitProcess(
  folder: StateFolder,
  name: string,
  process: ProcessIdentity,
  limits: Limits,
): void {
  for (const [controller, lines] of limited(limits))
    controlProcess({ folder, name, pid: process.pid }, controller, lines);
}

/** Whether every limit that is set holds for this process. */
export function isLimited(folder: StateFolder, name: string, pid: number, limits: Limits): boolean {
  return limited(limits).every(([controller]) => groupOf({ folder, name, pid }, controller) !== null);
}

type LinesFor = (version: GroupVersion) => GroupLine[];

/** The controllers that the limits need, and what each of them is told. */
function limited({ cpu, memory }: Limits): ['cpu' | 'memory', LinesFor][] {
  const needed: ['cpu' | 'memory', LinesFor][] = [];
  if (cpu !== null) needed.push(['cpu', (version) => cpuLines(version, cpu)]);
  if (memory !== null) needed.push(['memory', (version) => memoryLines(version, memory)]);
  return needed;
}

function cpuLines(version: GroupVersion, cpu: string): GroupLine[] {
  const quotaUs = String((milliCores(cpu) * periodUs) / 1000);
  if (version === 2) return [['cpu.max', `${quotaUs} ${periodUs}`]];
  return [
    ['cpu.cfs_period_us', String(periodUs)],
    ['cpu.cfs_quota_us', quotaUs],
  ];
}

function memoryLines(version: GroupVersion, memory: string): GroupLine[] {
  return [[version === 2 ? 'memory.max' : 'memory.limit_in_bytes', String(byteCount(memory))]];
}
