/** What the cluster's state forbids: the request is sound, and its answer is no. */

export type RefusalCode =
  /** The home shard holds the view: it stays, and its slots may go. */
  | 'home-shard'
  | 'unknown-shard'
  /** Nobody would be left to take the slots. */
  | 'last-shard'
  /** The id is not the view's `nextShard`: somebody else has added a shard, or the id has been used before. */
  | 'shard-id'
  /** Its members would speak TLS, and nobody has made certificates for them. */
  | 'no-certificates'
  /** Still owns slots, holds some that are on their way, or keeps data. */
  | 'shard-in-use'
  | 'shard-draining'
  /** Its quota has no room for what would move there. */
  | 'shard-full'
  | 'slots-in-move'
  /** The plan does not fit the view: a slot is not where the plan takes it from. */
  | 'stale-plan'
  | 'bad-plan'
  /** All shards that take slots would have none. */
  | 'bad-weights'
  | 'unknown-move'
  /** The destination owns the slots already: such a move only goes forward. */
  | 'move-committed';

export class RefusedError extends Error {
  override name = 'RefusedError';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}
