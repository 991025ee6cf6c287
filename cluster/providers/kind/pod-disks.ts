/**
 * The emulated disks of a cluster in kind, from its topology and its pods: set by `up`, shown by `status`. If the topology
 * names no disk, it is the disk that GKE would make: a pd-ssd of the size of a member's volume.
 */
import { describeDisk, emulatedDisk, type DiskProfile } from '../../disk/disk-profile.ts';
import type { Topology } from '../../topology/topology.ts';
import { componentOf, runs, type Pod } from '../kubernetes/live-objects.ts';
import type { DiskStatus } from '../provider.ts';
import { counted } from '../steps.ts';
import { emulateDisks, findUncapped, type PodPlace, type UncappedPod } from './emulate-disk.ts';

type Wish = Pick<Topology, 'ssd'> & { etcd: Pick<Topology['etcd'], 'volume'> };

function kindDisk({ ssd, etcd }: Wish): DiskProfile | null {
  return emulatedDisk(ssd, `pd-ssd:${etcd.volume}`);
}

/**
 * Gives each running member the disk of the topology, or takes the caps off where that is "off".
 * @returns what was done as one phrase, and whether anything was changed.
 */
export async function emulatePodDisks(
  topology: Wish,
  pods: readonly Pod[],
  { signal }: { signal: AbortSignal },
): Promise<{ text: string; changed: boolean }> {
  const disk = kindDisk(topology);
  const places = memberPlaces(pods).map(({ place }) => place);
  const differing = new Set((await findUncapped(places, disk, { signal })).map(({ name }) => name));
  const wanting = places.filter(({ name }) => differing.has(name));
  const failed = wanting.length === 0 ? [] : await emulateDisks(wanting, disk, { signal });
  const changed = failed.length < wanting.length;
  if (failed.length > 0) return { text: `not done: ${describeFailures(failed)}`, changed };
  if (disk === null) return { text: 'members use the disk as fast as it is', changed };
  return { text: `${describeDisk(disk)} for each of ${counted(places.length, 'member')}`, changed };
}

/**
 * Remembers which containers are capped: a container keeps its caps as long as it lives, and asking a node takes a third
 * of a second, while a nemesis asks for the status several times a second.
 */
export class PodDisks {
  private capped = new Set<string>();

  async status(topology: Wish, pods: readonly Pod[]): Promise<{ disk: DiskStatus | null; notes: string[] }> {
    const disk = kindDisk(topology);
    if (disk === null) return { disk, notes: [] };
    const members = memberPlaces(pods).map((member) => ({
      ...member,
      key: `${member.container} ${disk.name}`,
    }));
    const unknown = members.filter(({ key }) => !this.capped.has(key)).map(({ place }) => place);
    const failed = unknown.length === 0 ? [] : await findUncapped(unknown, disk);
    const uncapped = failed.map(({ name }) => name);
    this.capped = new Set(
      members.filter(({ place }) => !uncapped.includes(place.name)).map(({ key }) => key),
    );
    const notes =
      failed.length === 0 ? [] : [`The disk ${disk.name} is not emulated: ${describeFailures(failed)}.`];
    return { disk: { ...disk, uncapped }, notes };
  }
}

/** The members whose containers run: only those have a control group with caps. */
function memberPlaces(pods: readonly Pod[]): { place: PodPlace; container: string }[] {
  return pods
    .filter((pod) => componentOf(pod) === 'etcd' && runs(pod))
    .map(({ metadata, spec, status }) => ({
      place: { name: metadata.name, uid: metadata.uid!, node: spec!.nodeName! },
      container: status!.containerStatuses![0]!.containerID ?? '',
    }));
}

/** Groups the pods by reason: mostly there is one reason for all. */
function describeFailures(failed: readonly UncappedPod[]): string {
  const byReason = Map.groupBy(failed, ({ why }) => why);
  return [...byReason].map(([why, pods]) => `${pods.map(({ name }) => name).join(', ')}: ${why}`).join('; ');
}
