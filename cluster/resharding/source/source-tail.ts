/**
 * Gathers what users have written to slots at their source since a revision, as the newest state of each key: a watch, which is
 * opened again when it breaks. Events come in the order of their revisions, each revision whole, so when a slot's marker has
 * come, all writes to the slot before it stopped have come, too.
 */
import type { EtcdEvent, KeyValue, RequestOp } from '../../../sharder/core/etcd-messages.ts';
import { present } from '../../../sharder/core/invariant.ts';
import { pause } from '../../../sharder/core/pause.ts';
import type { Cancel, Clock, WatchEnd } from '../../../sharder/core/ports.ts';
import { dataRangeOf } from '../../../sharder/core/slot.ts';
import { CopiedPages } from './copied-pages.ts';
import type { Page } from './copy-slots.ts';
import { GatheredWrites } from './gathered-writes.ts';
import { isFrozenMarker, isMarker, slotOfDataKey } from './marker.ts';
import type { MoverLimits } from '../records/mover-limits.ts';
import type { RecordsClient } from '../records/records-client.ts';
import { CompactedError, RecordsChangedError } from '../records/step-errors.ts';
import { TailRecord } from './tail-record.ts';
import { UnavailableError } from '../records/unavailable-error.ts';
import type { Revision, ShardId, Slot } from '../../../sharder/core/numbers.ts';

export interface SourceTailOptions {
  records: RecordsClient;
  clock: Clock;
  limits: MoverLimits;
  shard: ShardId;
  /** Ascending. */
  slots: readonly Slot[];
  move: string;
  /** Whether this process has stopped working on moves. */
  isStopped(): boolean;
}

/** Batches of events that are kept until the sender is known. */
const earlyBatchesMax = 1024;
/** When the events take more than one part in so many of their room, they are written before the copy goes on. */
const heavyShare = 4;

export class SourceTail {
  private readonly options: SourceTailOptions;
  private readonly slots: ReadonlySet<number>;
  /** The writes to keys that are copied. */
  private readonly gathered = new GatheredWrites();
  /** Events of keys whose page has not come: most of them are in that page. */
  private early: EtcdEvent[] = [];
  private earlyBytes = 0;
  private readonly pages = new CopiedPages();
  /** What the watch has said since the copy, written or not. */
  readonly record = new TailRecord(this.pages);
  /** Slot to the revision of its marker. */
  private readonly marks = new Map<number, number>();
  /** Slots that have a marker or a probe. */
  private readonly markerSlots = new Set<number>();
  private lastProbe = '';
  /** All events up to this revision have come, or are in the copy. */
  private receivedRevision = 0;
  private cancel: Cancel | null = null;
  private isOverflowing = false;
  private isReopening = false;
  private isClosed = false;
  private compacted = false;
  /** More keys have changed since the copy than can be remembered. */
  private isTooMuch = false;
  /** The source has left the view, or this process has stopped. */
  private isLost = false;
  private waiters: (() => void)[] = [];

  constructor(options: SourceTailOptions) {
    this.options = options;
    this.slots = new Set(options.slots);
  }

  /** Opens the watch, from now on; resolves when the source has accepted it. @throws UnavailableError */
  async open(): Promise<void> {
    const revision = await this.openFrom(0);
    this.receivedRevision = Math.max(this.receivedRevision, revision);
  }

  /**
   * Adds the next page of the copy, with its own markers, up to the key `end`. The watch's events of its keys up to its
   * revision are old, those that have come already, too: a watch that lags may say the first of two writes when the page
   * holds the second. Events of keys whose page is still to come will be in that page.
   */
  cover({ end, revision, kvs }: Pick<Page, 'end' | 'revision' | 'kvs'>): void {
    this.pages.add(end, revision);
    for (const kv of kvs) if (isMarker(kv.key)) this.takeMarker(kv, false);
    this.record.noteCopied(kvs.flatMap(({ key }) => (isMarker(key) ? [] : [key])));
    const { early } = this;
    this.early = [];
    this.earlyBytes = 0;
    for (const event of early) this.takeEvent(event);
    this.relieve();
  }

  /** All events up to this revision have come. */
  get heardRevision(): number {
    return this.receivedRevision;
  }

  /** Keys that still have to be written. */
  get lag(): number {
    return this.gathered.size;
  }

  /** Whether the watch waits until its events are written, or soon will. */
  get isHeavy(): boolean {
    return this.isOverflowing || this.gathered.bytes > this.options.limits.tailBytesMax / heavyShare;
  }

  /** Slots in which there is a marker or a probe. */
  get markers(): number {
    return this.markerSlots.size;
  }

  get areAllMarked(): boolean {
    return this.options.slots.every((slot) => this.marks.has(slot));
  }

  /** The revision after which nothing has been written to the slot. */
  markedRevision(slot: Slot): number {
    return present(this.marks.get(slot), 'the marker of a slot');
  }

  hasSeenProbe(probe: string): boolean {
    return this.lastProbe === probe;
  }

  /**
   * Returns the events of copied keys as writes that may be made in any order, once their pages have been written; a second
   * call returns what came after.
   */
  take(): RequestOp[] {
    this.check();
    const operations = this.gathered.take();
    this.relieve();
    return operations;
  }

  /** Resolves when something has come, the watch has ended, or the time is over. @throws CompactedError, RecordsChangedError */
  async next(waitMs: number): Promise<void> {
    this.check();
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.schedule(waitMs, resolve);
      this.waiters.push(() => {
        cancel();
        resolve();
      });
    });
    this.check();
  }

  /**
   * For a watch that has wrongly fallen silent: asks another member to go on from the last event, as long as the source is in
   * the view. Resolves when the watch is open, or never will be; then `take` and `next` throw.
   */
  async reopen(): Promise<void> {
    if (this.isReopening) return;
    this.isReopening = true;
    const { clock, limits, records, shard } = this.options;
    if (this.cancel !== null) {
      this.cancel();
      this.cancel = null;
      records.avoidPreferred(shard);
    }
    while (!this.isClosed && !this.compacted && !this.isLost && this.cancel === null) {
      try {
        await this.openFrom(this.receivedRevision + 1);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        this.isLost = this.options.isStopped() || !records.isKnown(shard);
        if (!this.isLost) await pause(clock, limits.retryPauseMs);
      }
    }
    this.isReopening = false;
    if (this.isLost) this.wake();
  }

  close(): void {
    this.isClosed = true;
    this.cancel?.();
    this.wake();
  }

  private async openFrom(startRevision: Revision): Promise<number> {
    const { records, clock, limits, shard, slots } = this.options;
    const request = {
      ...dataRangeOf(slots),
      ...(startRevision > 0 ? { startRevision } : {}),
    };
    let isOver = false;
    /** Events that come before it is proven that the shard itself answers; null from then on. */
    let early: (readonly EtcdEvent[])[] | null = [];
    const opened = await new Promise<{ cancel: Cancel; revision: Revision; memberId: string } | null>(
      (resolve) => {
        let cancel: Cancel = () => undefined;
        const disarm = clock.schedule(limits.callMs, () => {
          isOver = true;
          cancel();
          resolve(null);
        });
        const sink = {
          onCreated: (revision: Revision, memberId: string) => {
            disarm();
            // `cancel` may not be set yet.
            resolve({ cancel: () => cancel(), revision, memberId });
          },
          onEvents: (events: readonly EtcdEvent[]) => {
            if (isOver || this.isClosed) return;
            if (early === null) this.takeEvents(events);
            else if (early.length < earlyBatchesMax) early.push(events);
            else isOver = true;
          },
          onEnd: (end: WatchEnd) => {
            if (isOver) return;
            isOver = true;
            disarm();
            resolve(null);
            this.onEnd(end);
          },
        };
        records.watch(shard, request, sink).then(
          (started) => {
            cancel = started;
            return isOver ? started() : undefined;
          },
          () => {
            disarm();
            resolve(null);
          },
        );
      },
    );
    if (opened === null) throw new UnavailableError(shard, `shard ${shard} opens no watch`);
    const cancel = () => {
      isOver = true;
      opened.cancel();
    };
    const isMember = await records.isMember(shard, opened.memberId).catch((error: unknown) => {
      cancel();
      throw error;
    });
    if (!isMember) {
      cancel();
      records.avoidPreferred(shard);
      throw new UnavailableError(shard, `what answers is not known to be shard ${shard}`);
    }
    if (isOver) {
      cancel();
      throw new UnavailableError(shard, `shard ${shard} ended a watch at once`);
    }
    if (this.isClosed) opened.cancel();
    this.cancel = cancel;
    for (const events of early) this.takeEvents(events);
    early = null;
    return opened.revision;
  }

  private onEnd(end: WatchEnd): void {
    if (this.isClosed) return;
    const wasOpen = this.cancel !== null;
    this.cancel = null;
    if (end.kind === 'compacted') this.compacted = true;
    else if (wasOpen) void this.reopen();
    this.wake();
  }

  private takeEvents(events: readonly EtcdEvent[]): void {
    const { provenKeysMax } = this.options.limits;
    const heard = this.receivedRevision;
    for (const event of events) {
      // An old event has been said before: etcd has had watches that go back in time.
      if (event.kv.modRevision < heard) continue;
      this.receivedRevision = Math.max(this.receivedRevision, event.kv.modRevision);
      if (this.slots.has(slotOfDataKey(event.kv.key))) this.takeEvent(event);
    }
    if (this.record.size + this.early.length > provenKeysMax) this.isTooMuch = true;
    if (this.isFull) {
      this.cancel?.();
      this.cancel = null;
      this.isOverflowing = true;
    }
    this.wake();
  }

  private takeEvent(event: EtcdEvent): void {
    const { type, kv } = event;
    if (kv.modRevision <= this.pages.baseOf(kv.key)) return;
    if (!this.pages.has(kv.key)) {
      this.early.push(event);
      this.earlyBytes += kv.key.length + kv.value.length;
    } else if (isMarker(kv.key)) this.takeMarker(kv, type === 'delete');
    else {
      this.gathered.set(kv.key, type === 'delete' ? null : kv.value);
      this.record.note(event);
    }
  }

  private get isFull(): boolean {
    return this.gathered.bytes + this.earlyBytes > this.options.limits.tailBytesMax;
  }

  /** There is room again for the watch's events. */
  private relieve(): void {
    if (!this.isOverflowing || this.isFull) return;
    this.isOverflowing = false;
    void this.reopen();
  }

  private takeMarker(kv: KeyValue, isDeleted: boolean): void {
    const slot = slotOfDataKey(kv.key);
    if (isDeleted) this.markerSlots.delete(slot);
    else this.markerSlots.add(slot);
    if (isDeleted) this.marks.delete(slot);
    else if (isFrozenMarker(kv.value, this.options.move)) this.marks.set(slot, kv.modRevision);
    else {
      this.marks.delete(slot);
      this.lastProbe = String.fromCharCode(...kv.value);
    }
  }

  private check(): void {
    const { shard } = this.options;
    if (this.isTooMuch)
      throw new CompactedError(shard, `too many keys of shard ${shard} have changed since they were copied`);
    if (this.compacted)
      throw new CompactedError(shard, `shard ${shard} has forgotten what its watch had still to say`);
    if (this.isLost) throw new RecordsChangedError('the source has left, or this mover is to stop');
  }

  private wake(): void {
    const { waiters } = this;
    this.waiters = [];
    for (const waiter of waiters) waiter();
  }
}
