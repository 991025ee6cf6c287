/** An operation on its way: from the moment it is admitted to the one outcome that settles it. */
import { type Client, slowMs } from './client.ts';
import type { Limits } from './limits.ts';
import type { Operation, Outcome } from './operation.ts';
import { dataPrefix } from './slot.ts';
import type { ShardId, Slot } from './numbers.ts';

export interface Pending {
  readonly operation: Operation;
  readonly slot: Slot;
  /** The key in etcd. */
  readonly etcdKey: string;
  /** Weight in a request and in a queue: an upper bound of the key's and value's bytes. */
  readonly bytes: number;
  /** On the clock of the store. */
  readonly deadlineAtMs: number;
  readonly client: Client | null;
  /** Null once settled. */
  settle: ((outcome: Outcome) => void) | null;
  /** True from the moment a transaction with it may have left this process. */
  sent: boolean;
  /** When a lane first took it, and when a transaction with it was last handed to the shard's client; null: never. */
  queuedAtMs: number | null;
  sentAtMs: number | null;
  /** When it first had to wait for an owner of its slot; null: never. */
  heldSinceMs: number | null;
}

export type LaneKind = 'read' | 'write';

export function laneOf(operation: Operation): LaneKind {
  return operation.kind === 'get' ? 'read' : 'write';
}

export function createPending(
  operation: Operation,
  slot: Slot,
  deadlineAtMs: number,
  onSettled: (outcome: Outcome) => void,
  client: Client | null = null,
): Pending {
  return {
    operation,
    slot,
    etcdKey: dataPrefix(slot) + operation.key,
    // A UTF-16 unit takes at most 3 bytes of UTF-8.
    bytes: 3 * operation.key.length + (operation.kind === 'put' ? operation.value.length : 0),
    deadlineAtMs,
    client,
    settle: onSettled,
    sent: false,
    queuedAtMs: null,
    sentAtMs: null,
    heldSinceMs: null,
  };
}

/** Settles once; an operation that its deadline has settled already keeps that outcome. */
export function settle(pending: Pending, outcome: Outcome): void {
  const callback = pending.settle;
  if (callback === null) return;
  pending.settle = null;
  callback(outcome);
}

/** Tells the client of a slow operation. Call it before that is settled; costs a comparison unless it was slow. */
export function tellIfSlow(pending: Pending, shard: ShardId, endedAtMs: number): void {
  const { client, queuedAtMs, sentAtMs } = pending;
  if (queuedAtMs === null || endedAtMs - queuedAtMs < slowMs || pending.settle === null) return;
  const leftAtMs = sentAtMs ?? endedAtMs;
  client?.onSlow?.({
    shard,
    lane: laneOf(pending.operation),
    queuedAtMs,
    endedAtMs,
    laneMs: leftAtMs - queuedAtMs,
    etcdMs: endedAtMs - leftAtMs,
  });
}

/** Settles an operation whose client has gone, if it is not sent yet, and returns true: nobody hears the answer. */
export function settleAbandoned(pending: Pending): boolean {
  if (pending.client === null || !pending.client.gone || pending.sent) return false;
  settle(pending, { kind: 'failed', code: 'abandoned', message: 'its client has gone; it was not sent' });
  return true;
}

/** Settles an operation whose deadline has come: unknown if it may have left this process, else a failure. */
export function settleExpired(pending: Pending, limits: Limits): void {
  const waited = `${limits.operationTimeoutMs} ms`;
  settle(
    pending,
    pending.sent
      ? { kind: 'unknown', message: `no answer from the shard within ${waited}` }
      : { kind: 'failed', code: 'unavailable', message: `not sent to the shard within ${waited}` },
  );
}
