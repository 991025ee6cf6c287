/** The client of an operation: one connection of a user, as far as the store needs to know it. */
import type { ShardId } from './numbers.ts';

export interface Client {
  /** True once nobody can receive an answer any more: the store drops the operations that it has not sent yet. */
  readonly gone: boolean;
  /** Receives where the time of an operation went that took `slowMs` or longer; called just before it is settled. */
  onSlow?(spent: Spent): void;
}

/** An operation or a request that takes this long is slow: its user may have given it up. */
export const slowMs = 1000;

/** Where the time of one operation went, in milliseconds; moments are on the store's clock. */
export interface Spent {
  readonly shard: ShardId;
  readonly lane: string;
  /** When a lane took it first. */
  readonly queuedAtMs: number;
  readonly endedAtMs: number;
  /** From then until its last transaction was handed to the shard's client, earlier attempts included. */
  readonly laneMs: number;
  /** From that hand-over to the end, retries included. */
  readonly etcdMs: number;
}

/** Options of a whole request, which hold for each of its operations. */
export interface ExecuteOptions {
  /** Absent or null: the process itself, which never goes and has no bound on its share of a lane. */
  client?: Client | null;
  /** On the store's clock; absent: an operation timeout from now. */
  deadlineAtMs?: number;
}
