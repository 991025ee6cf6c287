/** Why a step of a move is begun anew from the records. None of them says that anything went wrong for good. */

/** Another mover has claimed the slots: this one leaves them alone for a while. */
export class SupersededError extends Error {
  override name = 'SupersededError';
}

/** The records are not what the step builds on any more. */
export class RecordsChangedError extends Error {
  override name = 'RecordsChangedError';
}

/** The watch of the source has not told what the source holds: everything is to be copied again, over another member. */
export class UnprovenError extends Error {
  override name = 'UnprovenError';
  /** The source. */
  readonly shard: number;

  constructor(shard: number, message: string) {
    super(message);
    this.shard = shard;
  }
}

/** The source has forgotten revisions that were still needed, or the mover keys that have changed: all is copied again. */
export class CompactedError extends Error {
  override name = 'CompactedError';
}
