/**
 * The lines for a control group so that its processes use a disk no faster than a profile says, for both versions of
 * control groups.
 *
 * Version 1 (blkio.throttle.*) counts what a process reads, writes directly, or writes itself by waiting for an fsync;
 * it counts neither what the kernel writes back later nor the file system's own journal. etcd waits for every write to its
 * log, so the cap holds for these: measured on ext4, one such wait counts as about three operations, because the kernel
 * counts a flush as it does a write. Version 2 (io.max) also counts what is written back.
 */
import type { DiskProfile } from './disk-profile.ts';

/** A file of the group, and its line for one disk. */
export type CapLine = readonly [file: string, line: string];

/**
 * @param device "major:minor" of a whole disk: the kernel refuses partitions.
 * @param profile null lifts the cap.
 */
export function capLines(version: 1 | 2, device: string, profile: DiskProfile | null): CapLine[] {
  if (version === 2) {
    const bytes = profile?.bytesPerSecond ?? 'max';
    const iops = profile?.iops ?? 'max';
    // In the order in which the kernel shows them, so that they can be compared.
    return [['io.max', `${device} rbps=${bytes} wbps=${bytes} riops=${iops} wiops=${iops}`]];
  }
  const bytes = profile?.bytesPerSecond ?? 0;
  const iops = profile?.iops ?? 0;
  return [
    ['blkio.throttle.read_bps_device', `${device} ${bytes}`],
    ['blkio.throttle.write_bps_device', `${device} ${bytes}`],
    ['blkio.throttle.read_iops_device', `${device} ${iops}`],
    ['blkio.throttle.write_iops_device', `${device} ${iops}`],
  ];
}
