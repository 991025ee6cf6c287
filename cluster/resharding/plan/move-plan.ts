/** Planned moves and their progress: plain data for the code that plans, proposes and shows them. */
import type { ShardId, Slot } from '../../../sharder/core/numbers.ts';

/** Slots that a plan takes from one shard to another, before they are a move in the view. */
export interface MovePlan {
  /** Ascending. */
  slots: readonly Slot[];
  from: ShardId;
  to: ShardId;
}

/**
 * Where a move is. `waiting`: in the view, not under way here. `rollback`: an abort, or a start from the beginning after
 * a freeze that failed.
 */
export type MovePhase =
  'waiting' | 'import' | 'copy' | 'tail' | 'freeze' | 'drain' | 'activate' | 'publish' | 'clean' | 'rollback';

/** What blocks a move: the mover tries again and again until this is over. */
export interface MoveBlock {
  /** The shard that does not do its part. */
  shard: ShardId;
  /** One sentence without a full stop. */
  reason: string;
  /** On the resharder's clock: since when the move has made no progress. */
  sinceMs: number;
}

/** The progress, as the resharder that works on the move knows it. */
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
  /** Null while the move goes on. */
  block: MoveBlock | null;
  /** Copies that failed: history was forgotten, or the watch had not told all. */
  tries: number;
}

/** A move that was given up after a few tries, and is being undone, or has been. */
export interface FailedMove {
  id: string;
  slots: readonly Slot[];
  from: ShardId;
  to: ShardId;
  reason: string;
}
