/**
 * How many operations the next transaction of a lane may carry so that its reply stays near a size: a request for a
 * hundred values of 1 MiB is small, its reply is not. The estimate rises at once and falls slowly.
 */
import type { Limits } from './limits.ts';

export class ReplySize {
  private readonly limits: Limits;
  private bytesPerOperation = 1;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  get operationsMax(): number {
    const fitting = Math.floor(this.limits.replyBytesTarget / this.bytesPerOperation);
    return Math.max(1, Math.min(this.limits.batchOperationsMax, fitting));
  }

  /** A reply to `operations` operations carried `bytes` bytes of values. */
  observe(bytes: number, operations: number): void {
    this.bytesPerOperation = Math.max(bytes / operations, this.bytesPerOperation * 0.9, 1);
  }

  /** A reply to `operations` operations was too large to take. */
  halve(operations: number): void {
    this.bytesPerOperation = (2 * this.limits.replyBytesTarget) / operations;
  }
}
