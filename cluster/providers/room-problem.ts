/** Describes the lack of room in a shard before etcd's own alarm: puts are refused, or soon will be. */
import { inMiB, inUseMax, isGappy, refusalFor, type Space } from '../../sharder/core/reserve.ts';
import type { Problem, ShardStatus } from './provider.ts';

/** Above this part of the quota the user should act. */
const warningPart = 0.8;

export interface RoomFixes {
  /** Gives keys more room. */
  more: string;
  /** Returns the gaps to the file system. */
  defragment: string;
}

/** Null when the shard has room, when its room is not known, or when etcd refuses its puts already. */
export function findRoomProblem(
  shard: Pick<ShardStatus, 'name' | 'isFull' | 'members'>,
  fixes: RoomFixes,
): Problem | null {
  const space = spaceOf(shard);
  if (space === null || shard.isFull) return null;
  const { inUseBytes, quotaBytes } = space;
  const refusal = refusalFor(space);
  const from = `puts are refused from ${inMiB(inUseMax(quotaBytes))} MiB on`;
  if (refusal !== null)
    return { what: `${shard.name} ${refusal}; ${from}`, fix: isGappy(space) ? fixes.defragment : fixes.more };
  if (inUseBytes < warningPart * quotaBytes) return null;
  return {
    what: `${shard.name}: ${inMiB(inUseBytes)} of ${inMiB(quotaBytes)} MiB are in use; ${from}`,
    fix: fixes.more,
  };
}

/** Whether sharders refuse its puts, so that its own records find room. */
export function refusesPuts(shard: Pick<ShardStatus, 'members'>): boolean {
  const space = spaceOf(shard);
  return space !== null && refusalFor(space) !== null;
}

/** The space of the fullest member. */
function spaceOf({ members }: Pick<ShardStatus, 'members'>): Space | null {
  const known = members.flatMap(({ etcd }) => (etcd === null || etcd.quotaBytes === null ? [] : [etcd]));
  if (known.length === 0) return null;
  return {
    sizeBytes: Math.max(...known.map(({ dbSizeBytes }) => dbSizeBytes)),
    inUseBytes: Math.max(...known.map(({ dbSizeInUseBytes }) => dbSizeInUseBytes)),
    quotaBytes: Math.min(...known.map(({ quotaBytes }) => quotaBytes ?? Infinity)),
  };
}
