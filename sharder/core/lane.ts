/**
 * A lane: the bounded queue from which one shard's transactions are filled. It keeps the order of operations on one key
 * and never puts two writes of one key into one transaction, so each write has a version of its own.
 */
import type { Limits } from './limits.ts';
import type { LaneKind, Pending } from './pending.ts';

export class Lane {
  readonly kind: LaneKind;
  private readonly limits: Limits;
  private queue: Pending[] = [];
  private queuedBytes = 0;

  constructor(kind: LaneKind, limits: Limits) {
    this.kind = kind;
    this.limits = limits;
  }

  get length(): number {
    return this.queue.length;
  }

  /** False, and nothing done, when the lane is full. */
  offer(pending: Pending): boolean {
    const { laneOperationsMax, laneBytesMax } = this.limits;
    if (this.queue.length >= laneOperationsMax) return false;
    if (this.queuedBytes > 0 && this.queuedBytes + pending.bytes > laneBytesMax) return false;
    this.queue.push(pending);
    this.queuedBytes += pending.bytes;
    return true;
  }

  /** Puts a batch that was provably not applied back at the front, in its order, whatever the bounds: it was admitted. */
  putBack(batch: readonly Pending[]): void {
    this.queue = [...batch, ...this.queue];
    for (const pending of batch) this.queuedBytes += pending.bytes;
  }

  /**
   * Takes what the next transaction can carry, oldest first; settled operations are dropped on the way.
   * @param operationsMax at most so many.
   */
  take(operationsMax: number): Pending[] {
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    const keys = this.kind === 'write' ? new Set<string>() : null;
    let bytes = 0;
    let index = 0;
    for (; index < this.queue.length && batch.length < operationsMax; index++) {
      const pending = this.queue[index]!;
      if (pending.settle === null) {
        this.queuedBytes -= pending.bytes;
        continue;
      }
      if (batch.length > 0 && bytes + pending.bytes > this.limits.batchBytesMax) break;
      if (keys?.has(pending.etcdKey)) {
        rest.push(pending);
        continue;
      }
      keys?.add(pending.etcdKey);
      batch.push(pending);
      bytes += pending.bytes;
    }
    this.queue =
      rest.length === 0 && index === this.queue.length ? [] : [...rest, ...this.queue.slice(index)];
    this.queuedBytes -= bytes;
    return batch;
  }

  /** Removes and returns every operation that waits. */
  drain(): Pending[] {
    const all = this.queue;
    this.queue = [];
    this.queuedBytes = 0;
    return all;
  }

  /** Those whose deadline is at or before `nowMs`, removed from the lane. */
  takeExpired(nowMs: number): Pending[] {
    const expired = this.queue.filter((pending) => pending.deadlineAtMs <= nowMs);
    if (expired.length > 0) {
      this.queue = this.queue.filter((pending) => pending.deadlineAtMs > nowMs);
      for (const pending of expired) this.queuedBytes -= pending.bytes;
    }
    return expired;
  }

  /** The earliest deadline that waits, or Infinity. */
  nextDeadlineMs(): number {
    let earliest = Infinity;
    for (const pending of this.queue) earliest = Math.min(earliest, pending.deadlineAtMs);
    return earliest;
  }
}
