/** How full the shards are after moves: it is known before a move whether etcd's quota has room for it. */
import { isGappy } from '../../../sharder/core/reserve.ts';
import { RefusedError } from './refused-error.ts';
import type { ShardId } from '../../../sharder/core/numbers.ts';

/** A part of the quota. The rest is for users' writes meanwhile, and for the gaps between the keys. */
export const fillMax = 0.8;

export interface ShardRoom {
  shard: ShardId;
  /** What its keys take in etcd's database, earlier revisions included; without the gaps. */
  usedBytes: number;
  /** With the gaps: what etcd's quota bounds. */
  sizeBytes: number;
  quotaBytes: number;
}

/** The part of its quota that is taken; it counts the gaps, too, where these take nearly all of it. */
export function fillOf({ usedBytes, sizeBytes, quotaBytes }: ShardRoom): number {
  return (isGappy({ sizeBytes, inUseBytes: usedBytes, quotaBytes }) ? sizeBytes : usedBytes) / quotaBytes;
}

export interface MovedBytes {
  from: ShardId;
  to: ShardId;
  bytes: number;
}

/** Parts of the quota, now and once the moves are done and etcd has forgotten what was moved away. */
export interface ShardFill {
  shard: ShardId;
  now: number;
  after: number;
}

/** The fill of every shard whose room is known; a shard that does not exist yet counts as empty and as large as the smallest. */
export function fillsAfter(rooms: readonly ShardRoom[], moved: readonly MovedBytes[]): ShardFill[] {
  if (rooms.length === 0) return [];
  const smallest = Math.min(...rooms.map(({ quotaBytes }) => quotaBytes));
  const known = new Set(rooms.map(({ shard }) => shard));
  const made = new Set(moved.map(({ to }) => to).filter((shard) => !known.has(shard)));
  const all = [
    ...rooms,
    ...[...made].map((shard) => ({ shard, usedBytes: 0, sizeBytes: 0, quotaBytes: smallest })),
  ];
  return all.map(({ shard, usedBytes, quotaBytes }) => {
    const sum = (side: 'from' | 'to') =>
      moved.reduce((total, move) => total + (move[side] === shard ? move.bytes : 0), 0);
    const afterBytes = Math.max(0, usedBytes + sum('to') - sum('from'));
    return { shard, now: usedBytes / quotaBytes, after: afterBytes / quotaBytes };
  });
}

/** A shard that gets no fuller is never too full. */
export function isTooFull({ now, after }: ShardFill): boolean {
  return after > fillMax && after > now;
}

/** @throws RefusedError `shard-full` that names the shard which the moves would fill past `fillMax`. */
export function refuseOverfull(fills: readonly ShardFill[]): void {
  const [worst] = fills.filter(isTooFull).toSorted((a, b) => b.after - a.after);
  if (worst === undefined) return;
  throw new RefusedError(
    'shard-full',
    `shard ${worst.shard} would be ${percentOf(worst.after)} full, and ${percentOf(fillMax)} of its quota is the most that moves may fill; ` +
      'give the shards a larger etcd.quota, add a shard, or delete keys',
  );
}

export function percentOf(part: number): string {
  return `${Math.round(100 * part)} %`;
}
