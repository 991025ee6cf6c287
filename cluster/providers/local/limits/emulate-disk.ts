/**
 * The emulated disk of local members: each member's control group caps its use of its data's disk at the speed of the disk
 * that the topology names. The caps are set and lifted while members run; where the machine cannot set them, nothing fails
 * and `status` says so.
 */
import { backingDisk } from '../../../disk/backing-disk.ts';
import { capLines } from '../../../disk/cap-files.ts';
import { describeDisk, emulatedDisk, type DiskProfile } from '../../../disk/disk-profile.ts';
import type { Topology } from '../../../topology/topology.ts';
import type { DiskStatus } from '../../provider.ts';
import { counted, type Step } from '../../steps.ts';
import { membersOf, type ClusterState, type MemberState } from '../state/cluster-state.ts';
import { controlProcess, groupOf } from './control-groups.ts';
import type { LocalContext } from '../state/local-context.ts';
import { processState } from '../../../host/process-identity.ts';
import type { StateFolder } from '../../../state/state-folder.ts';

/** The disk that the members of a local cluster emulate: none unless the topology names one. */
function localDisk({ ssd }: Pick<Topology, 'ssd'>): DiskProfile | null {
  return emulatedDisk(ssd, null);
}

/** Gives a member that has just started its emulated disk, where this user may. */
export function emulateDisk(folder: StateFolder, topology: Topology, member: MemberState): void {
  const device = backingDisk(folder.data);
  const { name, process } = member;
  if (device === null || process === null || hasDisk(folder, topology, { name, pid: process.pid })) return;
  const lines = (version: 1 | 2) => capLines(version, device, localDisk(topology));
  controlProcess({ folder, name, pid: process.pid }, 'io', lines);
}

/** Whether the member has the caps of the topology's disk, or none where it names none. */
function hasDisk(
  folder: StateFolder,
  topology: Pick<Topology, 'ssd'>,
  member: { name: string; pid: number },
): boolean {
  const disk = localDisk(topology);
  const device = backingDisk(folder.data);
  const group = device === null ? null : groupOf({ folder, ...member }, 'io');
  if (device === null || group === null) return disk === null;
  return capLines(group.version, device, disk).every(([file, line]) =>
    disk === null
      ? !group.lines(file).some((shown) => shown.startsWith(`${device} `))
      : group.lines(file).includes(line),
  );
}

/**
 * Gives every running member its emulated disk; does nothing where all have it.
 * @returns the names of the members that lacked it, and of those that still lack it.
 */
export async function emulateDisks(
  folder: StateFolder,
  state: ClusterState,
): Promise<{ mended: string[]; failed: string[] }> {
  const result = { mended: [] as string[], failed: [] as string[] };
  for (const member of membersOf(state)) {
    // The recorded process may be gone, and another process may have its number.
    if (member.process === null || (await processState(member.process)) === 'gone') continue;
    const place = { name: member.name, pid: member.process.pid };
    if (hasDisk(folder, state.topology, place)) continue;
    emulateDisk(folder, state.topology, member);
    (hasDisk(folder, state.topology, place) ? result.mended : result.failed).push(member.name);
  }
  return result;
}

/** The step of `up` that sets or lifts caps; none where the topology names no disk and there are no caps to lift. */
export function diskSteps(folder: StateFolder, state: ClusterState): Step<LocalContext>[] {
  const { topology } = state;
  const differs = membersOf(state).some(
    ({ name, process }) => process !== null && !hasDisk(folder, topology, { name, pid: process.pid }),
  );
  if (topology.ssd === null && !differs) return [];
  const disk = localDisk(topology);
  const title = disk === null ? 'Take the caps off the disks' : `Emulate ${disk.name} disks`;
  return [{ title, run: emulateStep }];
}

async function emulateStep({ folder, state }: LocalContext): Promise<string> {
  const { failed } = await emulateDisks(folder, state);
  if (failed.length > 0) return `not done: ${whyNot(folder)}`;
  const disk = localDisk(state.topology);
  return disk === null
    ? 'members use the disk as fast as it is'
    : `${describeDisk(disk)} for each of ${counted(membersOf(state).length, 'member')}`;
}

/**
 * The emulated disk, and the running members that lack it; null where none is to be emulated.
 * @param members with null for the pid of one that does not run.
 */
export function diskStatus(
  folder: StateFolder,
  { topology }: Pick<ClusterState, 'topology'>,
  members: readonly { name: string; pid: number | null }[],
): DiskStatus | null {
  const disk = localDisk(topology);
  if (disk === null) return null;
  const uncapped = members.filter(
    ({ name, pid }) => pid !== null && !hasDisk(folder, topology, { name, pid }),
  );
  return { ...disk, uncapped: uncapped.map(({ name }) => name) };
}

/** Notes for the user: where the disk differs from the topology, and why. */
export function diskNotes(folder: StateFolder, disk: DiskStatus | null): string[] {
  if (disk === null || disk.uncapped.length === 0) return [];
  return [`The disk ${disk.name} is not emulated for ${disk.uncapped.join(', ')}: ${whyNot(folder)}.`];
}

/** Why this machine does not cap a member's disk, as the second half of a sentence. */
function whyNot(folder: StateFolder): string {
  if (process.platform !== 'linux') return 'only Linux can cap the disk of a process';
  if (backingDisk(folder.data) === null)
    return `${folder.data} is on no disk of this machine that can be seen`;
  return 'that takes root and a control group for disks (blkio in version 1, io in version 2) that may be written';
}
