/** A copy pauses before its destination is full, and goes on when there is room: users' writes meanwhile have to fit, too. */
import { pause } from '../../sharder/core/pause.ts';
import type { MoverContext, MoveSteps } from './mover-context.ts';
import { fillMax, percentOf } from './plan/shard-room.ts';
import type { ShardId } from '../../sharder/core/numbers.ts';

/** Resolves when the shard has room, or its fill is unknown. @throws RecordsChangedError when the move has to stop meanwhile. */
export async function awaitRoom(
  { clock, limits, fillOf }: Pick<MoverContext, 'clock' | 'limits' | 'fillOf'>,
  driver: Pick<MoveSteps, 'checkOn' | 'wait'>,
  shard: ShardId,
): Promise<void> {
  for (let isWaiting = false; ; isWaiting = true) {
    const fill = fillOf(shard);
    const isFull = fill !== null && fill >= fillMax;
    if (isFull) {
      const reason = `shard ${shard} is ${percentOf(fill)} full; its copy goes on below ${percentOf(fillMax)} of its quota`;
      driver.wait({ shard, reason });
    } else if (isWaiting) driver.wait(null);
    driver.checkOn();
    if (!isFull) return;
    await pause(clock, limits.roomPollMs);
  }
}
