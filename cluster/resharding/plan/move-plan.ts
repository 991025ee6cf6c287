/** What is to be moved, and how far it has come: plain data for whoever plans, proposes and shows it. */
import type { ShardId, Slot } from '../../../sharder/core/numbers.ts';

/** Slots that are to go from one shard to another, before they are a move in the view. */
export interface MovePlan {
  /** Ascending. */
  slots: readonly Slot[];
  from: ShardId;
  to: ShardId;
}

/**
 * Where a move is. `waiting`: in the view, nobody works on it here. `rollback`: an abort, or a start from the beginning after
 * a freeze that led nowhere.
 */
export type MovePhase =
  'waiting' | 'import' | 'copy' | 'tail' | 'freeze' | 'drain' | 'activate' | 'publish' | 'clean' | 'rollback';

/** What keeps a move from going on: it is tried again and again until that is over. */
export interface MoveBlock {
  /** The shard that does not do its part. */
  shard: ShardId;
  /** One sentence without a full stop. */
  reason: string;
  /** On the resharder's clock: since when it has come no further. */
  sinceMs: number;
}

/** As the resharder that works on it knows it. */
export interface MoveProgress {
  id: string;
  slots: readonly Slot[];
  from: ShardId;
  to: ShardId;
  phase: MovePhase;
  keysCopied: number;
  bytesCopied: number;
  /** Null until the source has been asked. */
  keysTotal: number | null;
  /** On the resharder's clock: when it began to work on the move. */
  startedMs: number;
  /** Null while it goes on. */
  block: MoveBlock | null;
  /** Copies that came to nothing: history was forgotten, or the watch had not told all. */
  tries: number;
}

/** It was given up after a few tries, and is being undone, or has been. */
export interface FailedMove {
  id: string;
  slots: readonly Slot[];
  from: ShardId;
  to: ShardId;
  reason: string;
}
