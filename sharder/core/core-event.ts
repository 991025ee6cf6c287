/** The events that a store emits to its trace. */
import type { LaneKind } from './pending.ts';
import type { CallOutcome } from './shard-client.ts';
import type { Epoch, Revision, ShardId } from './numbers.ts';

export type CoreEvent =
  /** The newest known fence record has changed; epoch and revision are -1 when no record is known any more. */
  | { name: 'fence.changed'; shard: ShardId; epoch: Epoch; revision: Revision }
  | { name: 'fence.unreadable'; shard: ShardId; message: string }
  /** Another shard answers at the shard's addresses. `member`: the id of the member that answered; empty when it gave none. */
  | { name: 'shard.mistaken'; shard: ShardId; member: string }
  /** A second transaction is sent while the first is stuck. */
  | { name: 'batch.overtakes'; shard: ShardId; operations: number }
  | BatchEnded
  /** Puts into the shard are refused from now on for want of room, with that reason; `room.found`: they are taken again. */
  | { name: 'room.spent'; shard: ShardId; reason: string }
  | { name: 'room.found'; shard: ShardId }
  | { name: 'view.adopted'; epoch: Epoch; shards: number }
  | ViewUnreachable
  | { name: 'view.unreadable'; message: string }
  /** The watch of the view has ended, and is opened again. */
  | { name: 'view.unwatched'; reason: string };

/** The home shard did not return the view. A resharder emits this event, too. */
export interface ViewUnreachable {
  name: 'view.unreachable';
  reason: string;
}

/** A transaction has ended, its repetitions included. */
export interface BatchEnded {
  name: 'batch.ended';
  shard: ShardId;
  lane: LaneKind;
  operations: number;
  outcome: CallOutcome['kind'];
  durationMs: number;
}
