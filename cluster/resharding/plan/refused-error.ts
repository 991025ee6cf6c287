/** The cluster's state forbids the request: the request is sound, and its answer is no. */

export type RefusalCode =
  /** The home shard holds the view: it stays, but its slots may move away. */
  | 'home-shard'
  | 'unknown-shard'
  /** No shard would be left to take the slots. */
  | 'last-shard'
  /** The id is not the view's `nextShard`: another client has added a shard, or the id has been used before. */
  | 'shard-id'
  /** Its members would speak TLS, but there are no certificates for them. */
  | 'no-certificates'
  /** The shard still owns slots, is the source or destination of a move, or keeps data. */
  | 'shard-in-use'
  | 'shard-draining'
  /** Its quota has no room for the keys that would move there. */
  | 'shard-full'
  | 'slots-in-move'
  /** The plan does not fit the view: a slot is not where the plan takes it from. */
  | 'stale-plan'
  | 'bad-plan'
  /** All shards that take slots would have weight 0. */
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
