/** What a store tells its trace. */
import type { LaneKind } from './pending.ts';
import type { CallOutcome } from './shard-client.ts';
import type { Epoch, Revision, ShardId } from './numbers.ts';

export type CoreEvent =
  /** A newer fence record is known; -1 and -1: it is known that none is known any more. */
  | { name: 'fence.changed'; shard: ShardId; epoch: Epoch; revision: Revision }
  | { name: 'fence.unreadable'; shard: ShardId; message: string }
  /** What answers at the shard's addresses is another shard. `member`: the id of who answered; empty where it gave none. */
  | { name: 'shard.mistaken'; shard: ShardId; member: string }
  /** A second transaction goes beside one that is stuck. */
  | { name: 'batch.overtakes'; shard: ShardId; operations: number }
  | BatchEnded
  /** From now on puts into the shard are refused for want of room, for that reason; or taken again. */
  | { name: 'room.spent'; shard: ShardId; reason: string }
  | { name: 'room.found'; shard: ShardId }
  | { name: 'view.adopted'; epoch: Epoch; shards: number }
  | ViewUnreachable
  | { name: 'view.unreadable'; message: string }
  /** The watch of the view has ended, and is opened again. */
  | { name: 'view.unwatched'; reason: string };

/** The home shard did not give the view. A resharder tells the same. */
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
