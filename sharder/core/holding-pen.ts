/**
 * Operations whose slot no shard owns for the moment, as in the middle of a hand-over. While operations wait, the pen asks
 * for the owners of their slots, soon at first and then less often; they go on as soon as an owner is known, and fail when
 * that takes too long.
 */
import type { Limits } from './limits.ts';
import { type Pending, settle, settleAbandoned, settleExpired } from './pending.ts';
import type { Cancel, Clock } from './ports.ts';
import type { Slot } from './numbers.ts';

export interface HoldingPenOptions {
  clock: Clock;
  limits: Limits;
  /** Starts to look for the slot's owner; `found` is called when the slot may be tried again. */
  seekOwner(slot: Slot, found: () => void): void;
  /** Takes an operation that need not wait any more. */
  release(pending: Pending): void;
}

export class HoldingPen {
  private readonly options: HoldingPenOptions;
  private readonly bySlot = new Map<number, Pending[]>();
  private count = 0;
  private pauseMs = 0;
  private next: Cancel | null = null;
  private closed = false;

  constructor(options: HoldingPenOptions) {
    this.options = options;
  }

  /** Operations that wait. */
  get size(): number {
    return this.count;
  }

  /** Takes an operation that was provably not applied; it is released, or settled with a failure. */
  hold(pending: Pending): void {
    const { clock, limits } = this.options;
    pending.heldSinceMs ??= clock.nowMs();
    if (this.closed || this.count >= limits.heldOperationsMax) {
      fail(pending);
      return;
    }
    if (this.settleLate(pending)) return;
    this.count++;
    const waiting = this.bySlot.get(pending.slot);
    if (waiting) {
      waiting.push(pending);
      return;
    }
    this.bySlot.set(pending.slot, [pending]);
    this.pauseMs = limits.heldPollMs;
    this.next?.();
    this.lookLater();
  }

  /** Fails every waiting operation, definitely. */
  close(): void {
    this.closed = true;
    this.next?.();
    for (const slot of this.bySlot.keys()) for (const pending of this.takeSlot(slot)) fail(pending);
  }

  private lookLater(): void {
    const { clock, limits } = this.options;
    this.next = clock.schedule(this.pauseMs, () => this.look());
    this.pauseMs = Math.min(this.pauseMs * 1.5, limits.heldPollMsMax);
  }

  private look(): void {
    this.next = null;
    for (const [slot, waiting] of this.bySlot) {
      const inTime = waiting.filter((pending) => !this.settleLate(pending));
      this.count -= waiting.length - inTime.length;
      if (inTime.length === 0) this.bySlot.delete(slot);
      else this.bySlot.set(slot, inTime);
    }
    // A copy: an owner that is found at once removes its slot at once.
    const slots = Array.from(this.bySlot.keys());
    for (const slot of slots) this.options.seekOwner(slot, () => this.releaseSlot(slot));
    if (this.bySlot.size > 0 && this.next === null) this.lookLater();
  }

  private releaseSlot(slot: Slot): void {
    for (const pending of this.takeSlot(slot)) this.options.release(pending);
  }

  private takeSlot(slot: Slot): Pending[] {
    const waiting = this.bySlot.get(slot) ?? [];
    this.bySlot.delete(slot);
    this.count -= waiting.length;
    return waiting;
  }

  /** Settles an operation that can wait no longer, and returns true for it. */
  private settleLate(pending: Pending): boolean {
    const { clock, limits } = this.options;
    const nowMs = clock.nowMs();
    if (settleAbandoned(pending)) return true;
    if (nowMs >= (pending.heldSinceMs ?? nowMs) + limits.heldMsMax) fail(pending);
    else if (nowMs + limits.heldPollMsMax >= pending.deadlineAtMs) settleExpired(pending, limits);
    return pending.settle === null;
  }
}

function fail(pending: Pending): void {
  settle(pending, {
    kind: 'failed',
    code: 'unavailable',
    message: 'no shard takes this slot for the moment',
  });
}
