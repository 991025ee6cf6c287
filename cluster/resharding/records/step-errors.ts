/** Why a step of a move is begun anew from the records. None of them says that anything went wrong for good. */
import type { ShardId } from '../../../sharder/core/numbers.ts';

/** Another mover has claimed the slots: this one leaves them alone for a while. */
export class SupersededError extends Error {
  override name = 'SupersededError';
}

/** The records are not what the step builds on any more. */
export class RecordsChangedError extends Error {
  override name = 'RecordsChangedError';
}

/** Everything is to be copied again, and not for ever: after a few tries the move is given up. */
abstract class TryFailedError extends Error {
  /** The source. */
  readonly shard: ShardId;

  constructor(shard: ShardId, message: string) {
    super(message);
    this.shard = shard;
  }
}

/** The watch of the source has not told what the source holds: the next one is another member's. */
export class UnprovenError extends TryFailedError {
  override name = 'UnprovenError';
}

/** The source has forgotten revisions that were still needed, or the mover keys that have changed. */
export class CompactedError extends TryFailedError {
  override name = 'CompactedError';
}

/** The slots hold more than can be listed while they are stopped. */
export class OversizedError extends TryFailedError {
  override name = 'OversizedError';
}
