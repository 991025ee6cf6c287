/**
 * Numbers that must not be mixed up. The compiler keeps them apart: code that uses one of them in the place of another
 * does not compile. A plain number (one that is decoded or computed) may take the place of each, so they cost nothing at
 * run time.
 */

declare const kind: unique symbol;

interface Of<Kind extends string> {
  readonly [kind]?: Kind;
}

/** 0 to 1023: a part of the key space. */
export type Slot = number & Of<'slot'>;
/** From 1 on, never used twice. */
export type ShardId = number & Of<'shard'>;
/** Of a view or of a slot: rises with each change of ownership. */
export type Epoch = number & Of<'epoch'>;
/** Of one etcd cluster: rises with each transaction that writes. */
export type Revision = number & Of<'revision'>;
/** Of a key, as users see it: the slot's version offset plus a revision. */
export type Version = number & Of<'version'>;
