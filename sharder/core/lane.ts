/**
 * A lane: the bounded queue from which one shard's transactions are filled. It keeps the order of operations on one key
 * and never puts two writes of one key into one transaction, so each write has a version of its own.
 *
 * A newcomer is admitted by time, not by count: by the rate at which the shard works, everything that waits and the newcomer
 * must end in time. Otherwise the newcomer is refused at once, while the refusal still helps. Taken from CoDel (RFC 8289): the
 * time in the queue is bounded, and the head drops what has waited too long, but only while newcomers are being refused, so
 * that a pause of the shard alone fails nobody. From DAGOR (Zhou et al., 2018): the time in the queue shows overload, and the
 * processor's use does not. Not taken: adaptive LIFO, which starves what was admitted first, and gradients of concurrency
 * (Envoy), since a lane has one transaction in flight, and a second one only beside one that is stuck.
 */
import type { Client } from './client.ts';
import { LaneShares } from './lane-shares.ts';
import type { Limits } from './limits.ts';
import { type LaneKind, type Pending, settle, settleAbandoned } from './pending.ts';
import { ServiceRate } from './service-rate.ts';

/** What an operation weighs beside its bytes: even an empty one is parsed, compared, indexed. */
const operationWeight = 256;
/** One key holds at most this part of the places. */
const keyShare = 1 / 4;
/** A transaction that takes this many times the usual time may be stuck. */
const stuckTimes = 8;
/** For so long after a refusal, the lane drops operations that have waited too long. */
const overloadedForMs = 1000;
const sweepPauseMs = 20;

/** A transaction in flight. */
interface Sent {
  readonly weight: number;
  /** Whether other operations had to wait for the next transaction. */
  readonly wasFull: boolean;
}

export class Lane {
  readonly kind: LaneKind;
  private readonly limits: Limits;
  private readonly rate = new ServiceRate();
  private readonly shares: LaneShares;
  /** Whether `shares` is up to date: operations pay for the counts only while the lane needs them. */
  private isCounting = false;
  private queue: Pending[] = [];
  private queuedBytes = 0;
  /** Transactions in flight, by the batch that was taken. */
  private readonly sent = new Map<readonly Pending[], Sent>();
  /** Weight of all transactions in flight. */
  private sentWeight = 0;
  private refusedAtMs = -Infinity;
  private sweptAtMs = -Infinity;

  constructor(kind: LaneKind, limits: Limits) {
    this.kind = kind;
    this.limits = limits;
    this.shares = new LaneShares(kind === 'write');
  }

  get length(): number {
    return this.queue.length;
  }

  /** Bytes of keys and values that wait. */
  get bytes(): number {
    return this.queuedBytes;
  }

  /** A transaction that takes longer may be stuck. */
  get stuckAfterMs(): number {
    return Math.max(this.limits.stuckMs, stuckTimes * this.rate.transactionMs);
  }

  /**
   * Takes a newcomer, or refuses it and does nothing.
   * @returns null when it was taken, else the milliseconds after which there may be room.
   */
  offer(pending: Pending, nowMs: number): number | null {
    // A key that many clients write does not show that the shard is behind with other keys.
    if (this.hasKeyTooOften(pending)) return this.limits.admittedMsMax;
    const waitMs = this.whyNot(pending, nowMs);
    if (waitMs !== null) {
      this.refusedAtMs = nowMs;
      if (!this.makeRoom(pending, nowMs)) return waitMs;
    }
    pending.queuedAtMs ??= nowMs;
    this.queue.push(pending);
    this.enter(pending);
    return null;
  }

  /**
   * Puts a batch that was provably not applied back at the front, in its order, whatever the bounds, because it was admitted.
   */
  putBack(batch: readonly Pending[]): void {
    this.queue = [...batch, ...this.queue];
    for (const pending of batch) this.enter(pending);
  }

  /**
   * Takes the operations that the next transaction can carry, oldest first. It drops settled operations on the way, and
   * settles those that nobody waits for or that cannot end in time. The caller gives a batch that is not empty to `onEnded`
   * when it has ended.
   * @param operationsMax at most so many.
   * @param mayRide whether an operation may share a transaction with the first of the batch; the others stay, in their order.
   * @param heldKeys keys of another transaction in flight: operations on them stay, too.
   */
  take(
    operationsMax: number,
    nowMs: number,
    mayRide: (first: Pending, other: Pending) => boolean = () => true,
    heldKeys?: ReadonlySet<string>,
  ): Pending[] {
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    const keys = this.kind === 'write' ? new Set(heldKeys) : null;
    const bytesMax = this.batchBytesMax();
    let first: Pending | null = null;
    let bytes = 0;
    let index = 0;
    for (; batch.length < operationsMax; index++) {
      const pending = this.queue[index];
      if (pending === undefined) break;
      if (!this.isWorthSending(pending, nowMs)) {
        this.leave(pending);
        continue;
      }
      if (first !== null && bytes + pending.bytes > bytesMax) break;
      const isApart = first !== null && !mayRide(first, pending);
      // Later operations on its key stay behind it.
      if (isApart) keys?.add(pending.etcdKey);
      if (isApart || keys?.has(pending.etcdKey)) {
        rest.push(pending);
        continue;
      }
      keys?.add(pending.etcdKey);
      this.leave(pending);
      first ??= pending;
      batch.push(pending);
      bytes += pending.bytes;
    }
    const wasFull = index < this.queue.length;
    this.queue = rest.length === 0 && !wasFull ? [] : [...rest, ...this.queue.slice(index)];
    if (batch.length > 0) {
      const weight = bytes + operationWeight * batch.length;
      this.sent.set(batch, { weight, wasFull });
      this.sentWeight += weight;
    }
    if (wasFull) this.dropLate(nowMs);
    if (this.queue.length === 0) this.isCounting = false;
    return batch;
  }

  /** A transaction has ended; `servedMs`: answered after so many milliseconds, null: not answered, or not sent. */
  onEnded(batch: readonly Pending[], servedMs: number | null): void {
    const sent = this.sent.get(batch);
    if (sent === undefined) return;
    this.sent.delete(batch);
    this.sentWeight -= sent.weight;
    if (servedMs !== null) this.rate.observe(sent.weight, servedMs, sent.wasFull);
  }

  /** Removes and returns every operation that waits. */
  drain(): Pending[] {
    const all = this.queue;
    this.queue = [];
    for (const pending of all) this.leave(pending);
    return all;
  }

  /** Removes and returns the operations whose deadline is at or before `nowMs`. */
  takeExpired(nowMs: number): Pending[] {
    const expired = this.queue.filter((pending) => pending.deadlineAtMs <= nowMs);
    if (expired.length > 0) {
      this.queue = this.queue.filter((pending) => pending.deadlineAtMs > nowMs);
      for (const pending of expired) this.leave(pending);
    }
    return expired;
  }

  /** The earliest deadline of a waiting operation, or Infinity. */
  nextDeadlineMs(): number {
    let earliest = Infinity;
    for (const pending of this.queue) earliest = Math.min(earliest, pending.deadlineAtMs);
    return earliest;
  }

  private enter(pending: Pending): void {
    this.queuedBytes += pending.bytes;
    if (this.isCounting) this.shares.add(pending);
  }

  private leave(pending: Pending): void {
    this.queuedBytes -= pending.bytes;
    if (this.isCounting) this.shares.remove(pending);
  }

  /** The shares of the operations that wait now; kept up to date from here on, until none waits. */
  private counted(): LaneShares {
    if (!this.isCounting) {
      this.isCounting = true;
      this.shares.countAnew(this.queue);
    }
    return this.shares;
  }

  /** Null when there is a place for a newcomer, else the milliseconds after which there may be one. */
  private whyNot(pending: Pending, nowMs: number): number | null {
    const { laneOperationsMax, laneBytesMax, admittedMsMax } = this.limits;
    const waitMs = this.waitMs(pending);
    if (this.queue.length >= laneOperationsMax) return waitMs;
    if (this.queuedBytes > 0 && this.queuedBytes + pending.bytes > laneBytesMax) return waitMs;
    const bound = Math.min(admittedMsMax, pending.deadlineAtMs - nowMs);
    return waitMs > bound && !this.fitsNext(pending) ? waitMs : null;
  }

  /** Milliseconds from now until an operation that came now would end. */
  private waitMs(pending: Pending): number {
    const operations = this.queue.length + 1;
    const weight = this.queuedBytes + pending.bytes + operations * operationWeight;
    return this.rate.msFor(weight + this.sentWeight);
  }

  /** A transaction carries one write of a key: the last of many writes waits for as many transactions. */
  private hasKeyTooOften({ etcdKey }: Pending): boolean {
    // At most all waiting operations are on one key: if all are not too many, no count is needed.
    if (this.kind === 'read' || !this.isTooOften(this.queue.length)) return false;
    return this.isTooOften(this.counted().waitingOnKey(etcdKey));
  }

  private isTooOften(waiting: number): boolean {
    const { laneOperationsMax, admittedMsMax } = this.limits;
    if (waiting < 2) return false;
    return waiting >= keyShare * laneOperationsMax || (waiting + 1) * this.rate.transactionMs > admittedMsMax;
  }

  /** Whether the next transaction would carry it: it gains nothing by coming again later. */
  private fitsNext(pending: Pending): boolean {
    // The first is carried whatever its size. If a rate that the lane learned from small operations refused it for its size,
    // the lane could never learn a better one.
    if (this.queue.length === 0) return true;
    return (
      this.queue.length < this.limits.batchOperationsMax &&
      this.queuedBytes + pending.bytes <= this.batchBytesMax()
    );
  }

  /** Bounds a transaction's bytes, so that the operations behind it need not wait long. */
  private batchBytesMax(): number {
    const { batchBytesMax, batchBytesMin, batchMsTarget } = this.limits;
    return Math.min(batchBytesMax, Math.max(batchBytesMin, this.rate.weightIn(batchMsTarget)));
  }

  /** Makes a place for a newcomer: removes operations that nobody waits for, or one of the client that holds most. */
  private makeRoom(pending: Pending, nowMs: number): boolean {
    this.sweep(nowMs);
    if (this.whyNot(pending, nowMs) === null) return true;
    const client = this.counted().whoGivesWay(pending.client);
    return client !== null && this.giveWay(client, pending);
  }

  /** Removes the client's newest operation that has no fewer bytes than the newcomer, so that the queue does not grow. */
  private giveWay(client: Client, newcomer: Pending): boolean {
    const index = this.queue.findLastIndex(
      (candidate) => candidate.client === client && candidate.bytes >= newcomer.bytes,
    );
    const victim = this.queue[index];
    if (victim === undefined) return false;
    this.queue.splice(index, 1);
    this.leave(victim);
    settle(victim, { ...overloaded('other clients have less waiting'), retryAfterMs: this.waitMs(victim) });
    return true;
  }

  /** Refuses the newest operations that, by the rate known now, cannot end by their deadlines. */
  private dropLate(nowMs: number): void {
    for (let last = this.queue.at(-1); last !== undefined; last = this.queue.at(-1)) {
      const weight = this.queuedBytes + this.queue.length * operationWeight + this.sentWeight;
      if (nowMs + this.rate.msFor(weight) <= last.deadlineAtMs) return;
      this.queue.pop();
      this.leave(last);
      this.refusedAtMs = nowMs;
      settle(last, {
        ...overloaded('more than can be done in time'),
        retryAfterMs: this.limits.admittedMsMax,
      });
    }
  }

  /** Removes operations that nobody waits for; not at every call, because it looks at the whole queue. */
  private sweep(nowMs: number): void {
    if (nowMs < this.sweptAtMs + sweepPauseMs) return;
    this.sweptAtMs = nowMs;
    this.queue = this.queue.filter((pending) => {
      const stays = pending.settle !== null && !settleAbandoned(pending);
      if (!stays) this.leave(pending);
      return stays;
    });
  }

  /** Settles an operation that nobody waits for or that cannot end in time, and returns false for it. */
  private isWorthSending(pending: Pending, nowMs: number): boolean {
    if (pending.settle === null || settleAbandoned(pending)) return false;
    const { answerMsMax, operationTimeoutMs } = this.limits;
    const { transactionMs } = this.rate;
    // Only a transaction that is sent shows that the shard has become quicker: a fresh operation is sent whatever the rate.
    if (nowMs + Math.min(transactionMs, operationTimeoutMs / 4) > pending.deadlineAtMs) {
      settle(pending, { kind: 'failed', code: 'unavailable', message: 'not sent: it could not end in time' });
      return false;
    }
    const isOverloaded = nowMs < this.refusedAtMs + overloadedForMs;
    const queuedAtMs = pending.queuedAtMs ?? nowMs;
    if (isOverloaded && nowMs + Math.min(transactionMs, answerMsMax / 2) > queuedAtMs + answerMsMax) {
      settle(pending, { ...overloaded('it waited too long'), retryAfterMs: answerMsMax });
      return false;
    }
    return true;
  }
}

const overloaded = (why: string) =>
  ({ kind: 'failed', code: 'overloaded', message: `the shard has too much waiting: ${why}` }) as const;
