/** Who asks: one connection of a user, as far as the store needs to know it. */
import type { ShardId } from './numbers.ts';

export interface Client {
  /** True from the moment when nobody is there to hear an answer: what was not sent for it yet is dropped. */
  readonly gone: boolean;
  /** Hears, when an operation took `slowMs` or longer, where its time went; just before it is settled. */
  onSlow?(spent: Spent): void;
}

/** From here on an operation or a request is slow: its user may have given it up. */
export const slowMs = 1000;

/** Where the time of one operation went, in milliseconds; moments are on the store's clock. */
export interface Spent {
  readonly shard: ShardId;
  readonly lane: string;
  /** When a lane took it first. */
  readonly queuedAtMs: number;
  readonly endedAtMs: number;
  /** Until the transaction that it ended with was handed to the shard's client, what was tried before included. */
  readonly laneMs: number;
  /** From then on, retries included. */
  readonly etcdMs: number;
}

/** What is said of a whole request, and so of each of its operations. */
export interface ExecuteOptions {
  /** Absent or null: the process itself, which never goes and has no share to keep to. */
  client?: Client | null;
  /** On the store's clock; absent: an operation timeout from now. */
  deadlineAtMs?: number;
}
