/** The bounds that a scenario tightens, so that they are reached: those of the sharders and those of the movers. */
import { z } from 'zod';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { defaultMoverLimits } from '../../../cluster/resharding/records/mover-limits.ts';

const whole = (min: number, max: number) => z.int().min(min).max(max);
const bytes = whole(1, 64 * 1024 * 1024);
const timeMs = whole(1, 60_000);

export const sharderLimits = z.strictObject({
  laneOperationsMax: whole(1, 10_000),
  batchOperationsMax: whole(1, 512),
  operationTimeoutMs: whole(100, 60_000).default(defaultLimits.operationTimeoutMs),
  admittedMsMax: timeMs.default(defaultLimits.admittedMsMax),
  answerMsMax: timeMs.default(defaultLimits.answerMsMax),
  batchBytesMax: bytes.default(defaultLimits.batchBytesMax),
  laneBytesMax: bytes.default(defaultLimits.laneBytesMax),
  replyBytesTarget: bytes.default(defaultLimits.replyBytesTarget),
  readAttemptMs: timeMs.default(defaultLimits.readAttemptMs),
  writeAttemptMs: timeMs.default(defaultLimits.writeAttemptMs),
  heldMsMax: timeMs.default(defaultLimits.heldMsMax),
  heldOperationsMax: whole(1, 10_000).default(defaultLimits.heldOperationsMax),
  /** 0: nobody asks how full the shards are. Scenarios without a quota need no answer. */
  roomPollMs: whole(0, 60_000).default(0),
  roomPollMsMin: timeMs.default(defaultLimits.roomPollMsMin),
});

/** Small enough that a few keys make pages and chunks, and short enough that two movers stop obstructing each other in time. */
export const simMoverLimits = {
  ...defaultMoverLimits,
  pageKeysMax: 1,
  writeOperationsMax: 2,
  clearKeysMax: 16,
  writesInFlightMax: 2,
  freezeLagKeysMax: 3,
  viewPollMs: 500,
  supersededPauseMsMax: 2000,
  mirrorPauseMsMax: 2000,
};

export const moverLimits = z
  .strictObject({
    pageKeysMax: whole(1, 1000).default(simMoverLimits.pageKeysMax),
    writeOperationsMax: whole(1, 1000).default(simMoverLimits.writeOperationsMax),
    writeBytesMax: bytes.default(simMoverLimits.writeBytesMax),
    clearKeysMax: whole(1, 1000).default(simMoverLimits.clearKeysMax),
    writesInFlightMax: whole(1, 10).default(simMoverLimits.writesInFlightMax),
    freezeLagKeysMax: whole(1, 100).default(simMoverLimits.freezeLagKeysMax),
    tailBytesMax: bytes.default(simMoverLimits.tailBytesMax),
  })
  .prefault({});
