/**
 * The part of a shard's quota that is kept from users: for the lease, the jobs and the view of a home shard, and for what
 * moves write into any. etcd refuses all puts for good once a database has its quota's size, whoever asks; so puts of users
 * are refused before.
 */

/** What a shard's members say of their databases: the largest, and the least quota. Bytes. */
export interface Space {
  /** Gaps included: what etcd's quota bounds. A database never shrinks by itself; puts take its gaps first. */
  sizeBytes: number;
  /** Without the gaps. */
  inUseBytes: number;
  quotaBytes: number;
}

/**
 * Thousands of records, what ten sharders have on its way at a time, and what a database grows by while etcd forgets a thousand
 * versions at a time: it writes the pages anew that they stood in before it has their room back.
 */
const reserveBytesMax = 64 * 1024 * 1024;
const reserveShare = 1 / 8;
/** Gaps take most puts, not all: a large value needs one that is as large. The size may come this near, in reserves. */
const gapsShare = 1 / 4;

export function reserveOf(quotaBytes: number): number {
  return Math.min(reserveBytesMax, Math.floor(quotaBytes * reserveShare));
}

/** Bytes in use from which on puts are refused. */
export function inUseMax(quotaBytes: number): number {
  return quotaBytes - reserveOf(quotaBytes);
}

/** Whether the database has so many gaps that it is near its quota with room in it: only defragmenting gives that back. */
export function isGappy({ sizeBytes, inUseBytes, quotaBytes }: Space): boolean {
  return sizeBytes >= quotaBytes - gapsShare * reserveOf(quotaBytes) && inUseBytes < inUseMax(quotaBytes);
}

/** Why puts of users are refused, after the shard's name; null: they are not. */
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
