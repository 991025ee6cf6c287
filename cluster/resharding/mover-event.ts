/** The events that a resharder, its movers and its shard clients report to their trace. */
import type { ViewUnreachable } from '../../sharder/core/core-event.ts';
import type { EtcdClientEvent } from '../../sharder/etcd/client/client-event.ts';
import type { MovePhase } from './plan/move-plan.ts';
import type { MirrorEvent } from './records/mirror-keeper.ts';
import type { ShardId } from '../../sharder/core/numbers.ts';

export type MoverEvent = MoveEvent | MirrorEvent | ViewUnreachable | EtcdClientEvent;

/** An event of one move. `move` is its id. */
export type MoveEvent =
  | PhaseEntered
  /** A mover begins anew from the records. */
  | { name: 'move.interrupted'; move: string; reason: string }
  /** The watch had not told all that the source holds; a copy failed for another reason. */
  | { name: 'move.unproven' | 'move.repeated'; move: string; reason: string }
  /** A copy waits for room at its destination; it goes on. */
  | { name: 'move.paused'; move: string; shard: ShardId; reason: string }
  | { name: 'move.resumed'; move: string }
  | MoveCopied
  /** The commit point. `frozenMs`: how long the slots stood still. */
  | { name: 'move.activated'; move: string; slots: number; keysCopied: number; frozenMs: number }
  /** The move is given up after so many tries, and will be undone. */
  | { name: 'move.failed'; move: string; tries: number; reason: string }
  /** The move has left the view: undone, or done. `slots` is their number. */
  | { name: 'move.aborted'; move: string; slots: number }
  | { name: 'move.done'; move: string; slots: number; from: ShardId; to: ShardId };

/** A mover begins a phase of a move between two shards. */
export interface PhaseEntered {
  name: `move.${MovePhase}`;
  move: string;
  from: ShardId;
  to: ShardId;
}

/** All keys that were there are copied. `oldest`: the source's revision of the page that was read first. */
export interface MoveCopied {
  name: 'move.copied';
  move: string;
  from: ShardId;
  keys: number;
  oldest: number;
}
