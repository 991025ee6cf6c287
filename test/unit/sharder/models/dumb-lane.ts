/**
 * A lane that keeps one list and works everything out anew from it whenever it is asked: the twin of the real one, which
 * counts along. What it settles it writes down instead.
 */
import type { Client } from '../../../../sharder/core/client.ts';
import type { Limits } from '../../../../sharder/core/limits.ts';
import type { Pending } from '../../../../sharder/core/pending.ts';

const weightOfOne = 256;

export class DumbLane {
  /** What the lane has settled, in order: its words for people left out. */
  readonly fates: { key: string; code: string; retryAfterMs: number | undefined }[] = [];
  waiting: Pending[] = [];
  private readonly over = new Set<Pending>();
  private readonly limits: Limits;
  private readonly ended: { weight: number; ms: number; wasFull: boolean }[] = [];
  private inFlight: { batch: readonly Pending[]; wasFull: boolean }[] = [];
  private refusedAtMs = -Infinity;
  private sweptAtMs = -Infinity;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Somebody else has settled it. */
  noteSettled(pending: Pending): void {
    this.over.add(pending);
  }

  get bytes(): number {
    return sum(this.waiting.map(({ bytes }) => bytes));
  }

  /** @param wasTaken whether the lane took it. */
  offer(pending: Pending, nowMs: number, wasTaken: boolean): number | null {
    const { laneOperationsMax, admittedMsMax } = this.limits;
    const ofKey = this.waiting.filter(({ etcdKey }) => etcdKey === pending.etcdKey).length;
    const isManyOfKey = ofKey >= Math.max(2, laneOperationsMax / 4);
    if (isManyOfKey || (ofKey >= 2 && (ofKey + 1) * this.transactionMs() > admittedMsMax))
      return admittedMsMax;
    const refusal = this.refusalOf(pending, nowMs);
    if (refusal !== null) {
      this.refusedAtMs = nowMs;
      this.sweep(nowMs);
      if (this.refusalOf(pending, nowMs) !== null && !this.takePlace(pending, wasTaken)) return refusal;
    }
    pending.queuedAtMs ??= nowMs;
    this.waiting.push(pending);
    return null;
  }

  putBack(batch: readonly Pending[]): void {
    this.waiting = [...batch, ...this.waiting];
  }

  take(
    operationsMax: number,
    nowMs: number,
    mayRide: (first: Pending, other: Pending) => boolean,
    heldKeys: readonly string[],
  ): Pending[] {
    const batch: Pending[] = [];
    const gone = new Set<Pending>();
    const passedKeys = new Set(heldKeys);
    let index = 0;
    for (const pending of this.waiting) {
      if (batch.length === operationsMax) break;
      if (this.isDropped(pending, nowMs)) gone.add(pending);
      else {
        const bytes = sum(batch.map((other) => other.bytes));
        if (batch.length > 0 && bytes + pending.bytes > this.batchBytes()) break;
        const fits = batch.length === 0 || mayRide(batch[0]!, pending);
        if (fits && !passedKeys.has(pending.etcdKey)) batch.push(pending);
        passedKeys.add(pending.etcdKey);
      }
      index++;
    }
    const wasFull = index < this.waiting.length;
    this.waiting = this.waiting.filter((pending) => !gone.has(pending) && !batch.includes(pending));
    if (batch.length > 0) this.inFlight.push({ batch, wasFull });
    if (wasFull) this.dropLate(nowMs);
    return batch;
  }

  /** The transaction that was taken first of those in flight, or second, has ended. */
  onEnded(at: number, ms: number | null): void {
    const [ended] = this.inFlight.splice(at, 1);
    if (ended === undefined || ms === null) return;
    this.ended.push({ weight: weightOf(ended.batch), ms, wasFull: ended.wasFull });
  }

  private get sentWeight(): number {
    return sum(this.inFlight.map(({ batch }) => weightOf(batch)));
  }

  drain(): Pending[] {
    const all = this.waiting;
    this.waiting = [];
    return all;
  }

  takeExpired(nowMs: number): Pending[] {
    const expired = this.waiting.filter(({ deadlineAtMs }) => deadlineAtMs <= nowMs);
    this.waiting = this.waiting.filter((pending) => !expired.includes(pending));
    return expired;
  }

  nextDeadlineMs(): number {
    return Math.min(Infinity, ...this.waiting.map(({ deadlineAtMs }) => deadlineAtMs));
  }

  private isDropped(pending: Pending, nowMs: number): boolean {
    if (this.isNobodys(pending)) return true;
    const { answerMsMax, operationTimeoutMs } = this.limits;
    const takesMs = this.transactionMs();
    if (nowMs + Math.min(takesMs, operationTimeoutMs / 4) > pending.deadlineAtMs) {
      this.settle(pending, 'unavailable');
      return true;
    }
    const isLate = nowMs + Math.min(takesMs, answerMsMax / 2) > pending.queuedAtMs! + answerMsMax;
    if (nowMs - this.refusedAtMs >= 1000 || !isLate) return false;
    this.settle(pending, 'overloaded', answerMsMax);
    return true;
  }

  /** Settled, or its client has gone before it was sent. */
  private isNobodys(pending: Pending): boolean {
    if (this.over.has(pending)) return true;
    if (pending.client === null || !pending.client.gone || pending.sent) return false;
    this.settle(pending, 'abandoned');
    return true;
  }

  private refusalOf(pending: Pending, nowMs: number): number | null {
    const { laneOperationsMax, laneBytesMax, admittedMsMax, batchOperationsMax } = this.limits;
    const ms = this.waitMs(pending);
    if (this.waiting.length >= laneOperationsMax) return ms;
    if (this.bytes > 0 && this.bytes + pending.bytes > laneBytesMax) return ms;
    const isNext =
      this.waiting.length === 0 ||
      (this.waiting.length < batchOperationsMax && this.bytes + pending.bytes <= this.batchBytes());
    return ms > admittedMsMax || ms > pending.deadlineAtMs - nowMs ? (isNext ? null : ms) : null;
  }

  private sweep(nowMs: number): void {
    if (nowMs - this.sweptAtMs < 20) return;
    this.sweptAtMs = nowMs;
    this.waiting = this.waiting.filter((pending) => !this.isNobodys(pending));
  }

  /** Which of several clients that hold as many gives way is the lane's choice, which is looked up. */
  private takePlace(newcomer: Pending, wasTaken: boolean): boolean {
    if (newcomer.client === null) return false;
    const heldBy = (client: Client) => this.waiting.filter((pending) => pending.client === client).length;
    const clients = [...new Set(this.waiting.map(({ client }) => client))].filter(
      (client) => client !== null,
    );
    const most = Math.max(0, ...clients.map(heldBy));
    if (most < heldBy(newcomer.client) + 2) return false;
    const victims = clients
      .filter((client) => heldBy(client) === most)
      .map((greedy) =>
        this.waiting.findLast(({ client, bytes }) => client === greedy && bytes >= newcomer.bytes),
      );
    if (!wasTaken && victims.includes(undefined)) return false;
    const found = victims.filter((victim) => victim !== undefined);
    const victim =
      found.find((each) => each.settle === null && !this.over.has(each)) ??
      found.find((each) => this.over.has(each)) ??
      found[0];
    if (victim === undefined) return false;
    this.waiting = this.waiting.filter((pending) => pending !== victim);
    this.settle(victim, 'overloaded', this.waitMs(victim));
    return true;
  }

  private dropLate(nowMs: number): void {
    for (let last = this.waiting.at(-1); last !== undefined; last = this.waiting.at(-1)) {
      const allMs = this.msFor(weightOf(this.waiting) + this.sentWeight);
      if (nowMs + allMs <= last.deadlineAtMs) return;
      this.waiting.pop();
      this.refusedAtMs = nowMs;
      this.settle(last, 'overloaded', this.limits.admittedMsMax);
    }
  }

  private settle(pending: Pending, code: string, retryAfterMs?: number): void {
    if (this.over.has(pending)) return;
    this.over.add(pending);
    this.fates.push({ key: pending.operation.key, code, retryAfterMs });
  }

  private waitMs(pending: Pending): number {
    return this.msFor(weightOf(this.waiting) + weightOf([pending]) + this.sentWeight);
  }

  private batchBytes(): number {
    const { batchBytesMax, batchBytesMin, batchMsTarget } = this.limits;
    const { weight, ms } = this.fullRate();
    const inTime = ms === 0 ? Infinity : (batchMsTarget * weight) / ms;
    return Math.min(batchBytesMax, Math.max(batchBytesMin, inTime));
  }

  private msFor(weight: number): number {
    const rate = this.fullRate();
    return rate.weight === 0 ? 0 : (weight * rate.ms) / rate.weight;
  }

  /** Each transaction that left others waiting counts 0.8 times as much as the one after it, and at most 4 times what was expected. */
  private fullRate(): { weight: number; ms: number } {
    let rate = { weight: 0, ms: 0 };
    for (const { weight, ms } of this.ended.filter(({ wasFull }) => wasFull)) {
      const expectedMs = rate.weight === 0 ? 0 : (weight * rate.ms) / rate.weight;
      const counted = expectedMs === 0 ? ms : Math.min(ms, 4 * expectedMs);
      rate = { weight: 0.8 * rate.weight + weight, ms: 0.8 * rate.ms + counted };
    }
    return rate;
  }

  private transactionMs(): number {
    let smoothed = 0;
    for (const { ms } of this.ended)
      smoothed = smoothed === 0 ? ms : 0.8 * smoothed + (1 - 0.8) * Math.min(ms, 4 * smoothed + 1);
    return smoothed;
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
const weightOf = (all: readonly Pending[]) => sum(all.map(({ bytes }) => bytes)) + weightOfOne * all.length;
