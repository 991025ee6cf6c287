/**
 * A lane: the bounded queue from which one shard's transactions are filled. It keeps the order of operations on one key
 * and never puts two writes of one key into one transaction, so each write has a version of its own.
 *
 * A newcomer is admitted by time, not by count: by the rate at which the shard works, everything that waits and the newcomer
 * must end in time. Otherwise the newcomer is refused at once, while the refusal still helps. Taken from CoDel (RFC 8289): the
 * time in the queue is bounded, and the head drops what has waited too long, but only while newcomers are being refused, so
 * that a pause of the shard alone fails nobody. From DAGOR (Zhou et al., 2018): the time in the queue tells overload, not the
 * processor's use. Not taken: adaptive LIFO, which starves what was admitted first, and gradients of concurrency (Envoy),
 * since a lane has one transaction in flight, and a second one only beside one that is stuck.
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
/** A transaction that takes so many times as long as is usual may be stuck. */
const stuckTimes = 8;
/** For so long after a refusal, the lane drops what has waited too long. */
const overloadedForMs = 1000;
const sweepPauseMs = 20;

/** A transaction in flight. */
interface Sent {
  readonly weight: number;
  /** Others had to wait for the next one. */
  readonly wasFull: boolean;
}

export class Lane {
  readonly kind: LaneKind;
  private readonly limits: Limits;
  private readonly rate = new ServiceRate();
  private readonly shares: LaneShares;
  /** Whether `shares` is up to date: what nobody asks for costs no operation anything. */
  private isCounting = false;
  private queue: Pending[] = [];
  private queuedBytes = 0;
  /** By the batch that was taken. */
  private readonly sent = new Map<readonly Pending[], Sent>();
  /** Of all that are in flight. */
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
   * @returns null when it was taken, else after how many milliseconds there may be room.
   */
  offer(pending: Pending, nowMs: number): number | null {
    // A key that everybody writes is no sign that the shard is behind with the others.
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

  /** Puts a batch that was provably not applied back at the front, in its order, whatever the bounds: it was admitted. */
  putBack(batch: readonly Pending[]): void {
    this.queue = [...batch, ...this.queue];
    for (const pending of batch) this.enter(pending);
  }

  /**
   * Takes what the next transaction can carry, oldest first; settled operations are dropped on the way, and those are
   * settled that nobody waits for or that cannot end in time. What is not empty is told to `onEnded` when it has ended.
   * @param operationsMax at most so many.
   * @param mayRide whether one may share a transaction with the first of it; those that may not stay, in their order.
   * @param heldKeys of another transaction in flight: what waits for them stays, too.
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
      // What comes later of its key stays behind it.
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

  /** Those whose deadline is at or before `nowMs`, removed from the lane. */
  takeExpired(nowMs: number): Pending[] {
    const expired = this.queue.filter((pending) => pending.deadlineAtMs <= nowMs);
    if (expired.length > 0) {
      this.queue = this.queue.filter((pending) => pending.deadlineAtMs > nowMs);
      for (const pending of expired) this.leave(pending);
    }
    return expired;
  }

  /** The earliest deadline that waits, or Infinity. */
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

  /** Who has how much of what waits now; kept up to date from here on, until nothing waits. */
  private counted(): LaneShares {
    if (!this.isCounting) {
      this.isCounting = true;
      this.shares.countAnew(this.queue);
    }
    return this.shares;
  }

  /** Why there is no place for a newcomer, as the milliseconds after which there may be one; null: there is. */
  private whyNot(pending: Pending, nowMs: number): number | null {
    const { laneOperationsMax, laneBytesMax, admittedMsMax } = this.limits;
    const waitMs = this.waitMs(pending);
    if (this.queue.length >= laneOperationsMax) return waitMs;
    if (this.queuedBytes > 0 && this.queuedBytes + pending.bytes > laneBytesMax) return waitMs;
    const bound = Math.min(admittedMsMax, pending.deadlineAtMs - nowMs);
    return waitMs > bound && !this.fitsNext(pending) ? waitMs : null;
  }

  /** When an operation that came now would end, in milliseconds from now. */
  private waitMs(pending: Pending): number {
    const operations = this.queue.length + 1;
    const weight = this.queuedBytes + pending.bytes + operations * operationWeight;
    return this.rate.msFor(weight + this.sentWeight);
  }

  /** Of one key a transaction carries one write: the last of many waits for as many transactions. */
  private hasKeyTooOften({ etcdKey }: Pending): boolean {
    // Of one key at most all that wait: where even these are not too many, they need not be counted.
    if (this.kind === 'read' || !this.isTooOften(this.queue.length)) return false;
    return this.isTooOften(this.counted().waitingOnKey(etcdKey));
  }

  private isTooOften(waiting: number): boolean {
    const { laneOperationsMax, admittedMsMax } = this.limits;
    if (waiting < 2) return false;
    return waiting >= keyShare * laneOperationsMax || (waiting + 1) * this.rate.transactionMs > admittedMsMax;
  }

  /** Whether it would be in the next transaction: waiting any longer for a place makes nothing better. */
  private fitsNext(pending: Pending): boolean {
    // The first is carried whatever its size. Were it refused for it, by a rate that small operations have taught, nothing
    // would ever teach the lane better.
    if (this.queue.length === 0) return true;
    return (
      this.queue.length < this.limits.batchOperationsMax &&
      this.queuedBytes + pending.bytes <= this.batchBytesMax()
    );
  }

  /** Large transactions are kept so small that those behind them need not wait long. */
  private batchBytesMax(): number {
    const { batchBytesMax, batchBytesMin, batchMsTarget } = this.limits;
    return Math.min(batchBytesMax, Math.max(batchBytesMin, this.rate.weightIn(batchMsTarget)));
  }

  /** Makes a place for a newcomer: of those that nobody waits for any more, or of the client that holds most. */
  private makeRoom(pending: Pending, nowMs: number): boolean {
    this.sweep(nowMs);
    if (this.whyNot(pending, nowMs) === null) return true;
    const client = this.counted().whoGivesWay(pending.client);
    return client !== null && this.giveWay(client, pending);
  }

  /** One place for one, and no more bytes than before: the newest of the client's. */
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

  /** Refuses what came last and, by what is known of the rate now, cannot end by its deadline. */
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

  /** Removes what nobody waits for, now and then: it looks at all that waits. */
  private sweep(nowMs: number): void {
    if (nowMs < this.sweptAtMs + sweepPauseMs) return;
    this.sweptAtMs = nowMs;
    this.queue = this.queue.filter((pending) => {
      const stays = pending.settle !== null && !settleAbandoned(pending);
      if (!stays) this.leave(pending);
      return stays;
    });
  }

  /** False, and settled, for what nobody waits for and for what cannot end in time. */
  private isWorthSending(pending: Pending, nowMs: number): boolean {
    if (pending.settle === null || settleAbandoned(pending)) return false;
    const { answerMsMax, operationTimeoutMs } = this.limits;
    const { transactionMs } = this.rate;
    // Only a transaction that is sent shows that the shard has become quicker: what is fresh is sent whatever the rate.
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
