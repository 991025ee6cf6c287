/**
 * CPU and memory limits of single processes by control groups, where this user may make some. `status` reports a machine
 * that cannot enforce a limit; nothing fails for it.
 */
import { byteCount, milliCores } from '../../../topology/quantity.ts';
import type { Topology } from '../../../topology/topology.ts';
import type { Step } from '../../steps.ts';
import { membersOf, type ClusterState } from '../state/cluster-state.ts';
import { controlProcess, groupOf, type GroupLine, type GroupVersion } from './control-groups.ts';
import type { LocalContext } from '../state/local-context.ts';
import { processState, type ProcessIdentity } from '../../../host/process-identity.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

type Limits = Topology['resources']['etcd'];

/** The kernel hands out processor time per period; 100 ms is its own default. */
const periodUs = 100_000;
/** The kernel rounds memory down to whole pages, the largest of which are of this size. */
const pageBytesMax = 65_536;

/** A running process and the limits that it should have. */
interface Limited {
  name: string;
  process: ProcessIdentity | null;
  limits: Limits;
}

/** Puts a process under its limits, where this user may; `isLimited` says whether it worked. */
export function limitProcess(
  folder: StateFolder,
  name: string,
  process: ProcessIdentity,
  limits: Limits,
): void {
  const place = { folder, name, pid: process.pid };
  for (const { controller, limit, lines } of controlled(limits)) {
    // A process without limits needs no group; one that has a group keeps it, and loses the limit.
    if (limit === null && groupOf(place, controller) === null) continue;
    controlProcess(place, controller, lines);
  }
}

/** Whether the process has exactly these limits. */
export function isLimited(folder: StateFolder, name: string, pid: number, limits: Limits): boolean {
  return controlled(limits).every(({ controller, limit, lines }) => {
    const group = groupOf({ folder, name, pid }, controller);
    if (group === null) return limit === null;
    return lines(group.version).every(([file, line]) => {
      const shown = group.lines(file)[0];
      if (shown === undefined) return limit === null;
      return shown === line || (controller === 'memory' && isSameMemory(shown, line));
    });
  });
}

/**
 * Gives every running member and sharder its limits; does nothing where all have them.
 * @returns the names of the processes that lacked them, and of those that still lack them.
 */
export async function limitProcesses(
  folder: StateFolder,
  state: ClusterState,
): Promise<{ mended: string[]; failed: string[] }> {
  const result = { mended: [] as string[], failed: [] as string[] };
  for (const { name, process, limits } of limitedOf(state)) {
    // The recorded process may be gone, and another process may have its number.
    if (process === null || (await processState(process)) === 'gone') continue;
    if (isLimited(folder, name, process.pid, limits)) continue;
    limitProcess(folder, name, process, limits);
    (isLimited(folder, name, process.pid, limits) ? result.mended : result.failed).push(name);
  }
  return result;
}

/** The step of `up` that changes the limits of running processes; none where all have theirs. */
export function limitSteps(folder: StateFolder, state: ClusterState): Step<LocalContext>[] {
  const differs = limitedOf(state).some(
    ({ name, process, limits }) => process !== null && !isLimited(folder, name, process.pid, limits),
  );
  return differs ? [{ title: 'Change the resource limits', run: limitStep }] : [];
}

async function limitStep({ folder, state }: LocalContext): Promise<string> {
  const { mended, failed } = await limitProcesses(folder, state);
  return failed.length > 0 ? `not done for ${failed.join(', ')}` : `of ${mended.join(', ') || 'none'}`;
}

function limitedOf(state: ClusterState): Limited[] {
  const { etcd, sharder } = state.topology.resources;
  return [
    ...membersOf(state).map(({ name, process }) => ({ name, process, limits: etcd })),
    ...state.sharders.map(({ name, process }) => ({ name, process, limits: sharder })),
  ];
}

interface Controlled {
  controller: 'cpu' | 'memory';
  limit: string | null;
  /** The lines for the controller; without a limit, they lift the limit. */
  lines: (version: GroupVersion) => GroupLine[];
}

function controlled({ cpu, memory }: Limits): Controlled[] {
  return [
    { controller: 'cpu', limit: cpu, lines: (version) => cpuLines(version, cpu) },
    { controller: 'memory', limit: memory, lines: (version) => memoryLines(version, memory) },
  ];
}

function cpuLines(version: GroupVersion, cpu: string | null): GroupLine[] {
  const quotaUs = cpu === null ? null : String((milliCores(cpu) * periodUs) / 1000);
  if (version === 2) return [['cpu.max', `${quotaUs ?? 'max'} ${periodUs}`]];
  return [
    ['cpu.cfs_period_us', String(periodUs)],
    ['cpu.cfs_quota_us', quotaUs ?? '-1'],
  ];
}

function memoryLines(version: GroupVersion, memory: string | null): GroupLine[] {
  const limit = memory === null ? null : String(byteCount(memory));
  if (version === 2) return [['memory.max', limit ?? 'max']];
  return [['memory.limit_in_bytes', limit ?? '-1']];
}

/** Whether a file that was told one number of bytes may show the other. */
function isSameMemory(shown: string, told: string): boolean {
  // Version 1 shows memory without a limit as the greatest number of bytes that it can count.
  if (told === '-1') return Number(shown) > Number.MAX_SAFE_INTEGER;
  const lost = Number(told) - Number(shown);
  return lost >= 0 && lost < pageBytesMax;
}
