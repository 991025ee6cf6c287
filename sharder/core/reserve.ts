/**
 * The part of a shard's quota that users do not get: it is for the lease, the jobs and the view of a home shard, and for the
 * records that moves write into any shard. Once a database has its quota's size, etcd refuses all puts permanently, whoever
 * sends them; so the sharder refuses users' puts before.
 */

/** What a shard's members report of their databases: the largest sizes, and the least quota. Bytes. */
export interface Space {
  /** Gaps included: what etcd's quota bounds. A database never shrinks by itself; puts take its gaps first. */
  sizeBytes: number;
  /** Without the gaps. */
  inUseBytes: number;
  quotaBytes: number;
}

/**
 * Room for thousands of records, for what ten sharders have on its way at a time, and for the growth of a database while etcd
 * forgets a thousand versions at a time: etcd rewrites the pages that held them before it frees the old pages.
 */
const reserveBytesMax = 64 * 1024 * 1024;
const reserveShare = 1 / 8;
/**
 * Gaps take most puts, not all: a large value needs a gap that is as large. The size may come this near to the quota, as a
 * part of the reserve.
 */
const gapsShare = 1 / 4;

export function reserveOf(quotaBytes: number): number {
  return Math.min(reserveBytesMax, Math.floor(quotaBytes * reserveShare));
}

/** Bytes in use from which on puts are refused. */
export function inUseMax(quotaBytes: number): number {
  return quotaBytes - reserveOf(quotaBytes);
}

/** Whether the database is near its quota although its gaps have room: only defragmenting gives that room back. */
export function isGappy({ sizeBytes, inUseBytes, quotaBytes }: Space): boolean {
  return sizeBytes >= quotaBytes - gapsShare * reserveOf(quotaBytes) && inUseBytes < inUseMax(quotaBytes);
}

/** Why users' puts are refused, as a text that follows the shard's name; null: they are not. */
export function refusalFor(space: Space): string | null {
  const { sizeBytes, inUseBytes, quotaBytes } = space;
  const quota = `${inMiB(quotaBytes)} MiB`;
  if (inUseBytes >= inUseMax(quotaBytes))
    return `is full: ${inMiB(inUseBytes)} of ${quota} are in use, and the rest is for its own records`;
  if (!isGappy(space)) return null;
  return `has to be defragmented: its database takes ${inMiB(sizeBytes)} of ${quota}, with ${inMiB(inUseBytes)} MiB in use`;
}

/** With one digit behind the point. */
export function inMiB(bytes: number): string {
  return String(Math.round((10 * bytes) / 1024 / 1024) / 10);
}
