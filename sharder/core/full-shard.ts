/**
 * Which operations may share a transaction while a shard is full. etcd refuses a whole transaction for the puts in it, and
 * takes deletions, which cost nothing: so, from the first refusal until a put has been taken again, puts and deletions use
 * separate transactions. Users can make room then, however many others keep putting.
 */
import type { Pending } from './pending.ts';

export class FullShard {
  private full = false;

  get isFull(): boolean {
    return this.full;
  }

  /** A transaction was refused for want of space. */
  noteRefused(): void {
    this.full = true;
  }

  /** A transaction was carried out. A put with a condition proves nothing: etcd 3.4 counts nested operations as free. */
  noteApplied(batch: readonly Pending[]): void {
    if (
      this.full &&
      batch.some(({ operation }) => operation.kind === 'put' && operation.condition.kind === 'always')
    )
      this.full = false;
  }

  mayRide(first: Pending, other: Pending): boolean {
    return !this.full || (first.operation.kind === 'put') === (other.operation.kind === 'put');
  }
}
