/** Why a step of a move begins anew from the records. None of these errors is final. */
import type { ShardId } from '../../../sharder/core/numbers.ts';

/** Another mover has claimed the slots: this one leaves them alone for a while. */
export class SupersededError extends Error {
  override name = 'SupersededError';
}

/** The records have changed under the step. */
export class RecordsChangedError extends Error {
  override name = 'RecordsChangedError';
}

/** Everything has to be copied again; after a few tries the move is given up. */
abstract class TryFailedError extends Error {
  /** The source. */
  readonly shard: ShardId;

  constructor(shard: ShardId, message: string) {
    super(message);
    this.shard = shard;
  }
}

/** The watch of the source has not told what the source holds: the next one asks another member. */
export class UnprovenError extends TryFailedError {
  override name = 'UnprovenError';
}

/** The source has compacted revisions that were still needed, or the mover no longer remembers all changed keys. */
export class CompactedError extends TryFailedError {
  override name = 'CompactedError';
}

/** The slots hold more than can be listed while they are stopped. */
export class OversizedError extends TryFailedError {
  override name = 'OversizedError';
}
