/**
 * The disks that a member's volume can emulate, as figures. The emulation bounds the operations and bytes a second, not the
 * latency: a real persistent disk is a network away and answers later than this machine's disk.
 *
 * Source: https://cloud.google.com/compute/docs/disks/performance, "Zonal SSD PD" (read on 2026-11-22): 30 read and
 * 30 write IOPS and 0.48 MiB/s per GiB, at most 100,000 IOPS and 1,200 MiB/s per instance. The page also grants each
 * instance a baseline that does not depend on the size. It is left out here on purpose: it belongs to the machine and is
 * shared by all its disks, so a member cannot count on it. A real disk of the size is therefore at least this fast.
 */
import { byteCount } from '../topology/quantity.ts';

const gib = 2 ** 30;
const mib = 2 ** 20;
const iopsPerGib = 30;
const bytesPerSecondPerGib = 0.48 * mib;
const iopsMax = 100_000;
const bytesPerSecondMax = 1200 * mib;

/** Limits of one member's disk; they hold for reads and for writes, each on its own. */
export interface DiskProfile {
  /** "pd-ssd:10Gi". */
  name: string;
  iops: number;
  bytesPerSecond: number;
}

/** The figures of a disk such as "pd-ssd:10Gi". The topology has checked its form. */
export function diskProfile(name: string): DiskProfile {
  const match = /^pd-ssd:(.+)$/.exec(name);
  if (match === null) throw new Error(`${name} is not a disk`);
  const sizeGib = byteCount(match[1]!) / gib;
  return {
    name,
    // Less than one operation a second would round to 0, which means no limit to the kernel.
    iops: Math.max(1, Math.min(iopsMax, Math.round(iopsPerGib * sizeGib))),
    bytesPerSecond: Math.max(1, Math.min(bytesPerSecondMax, Math.round(bytesPerSecondPerGib * sizeGib))),
  };
}

/**
 * The disk that a cluster emulates; null for none.
 * @param otherwise the provider's default, for a topology that leaves it open (null).
 */
export function emulatedDisk(ssd: string | null, otherwise: string | null): DiskProfile | null {
  const name = ssd ?? otherwise;
  return name === null || name === 'off' ? null : diskProfile(name);
}

/** "pd-ssd:10Gi (emulated: 300 IOPS, 4.8 MiB/s)". */
export function describeDisk({ name, iops, bytesPerSecond }: DiskProfile): string {
  return `${name} (emulated: ${iops} IOPS, ${Number((bytesPerSecond / mib).toFixed(2))} MiB/s)`;
}
