/**
 * What has been written to slots at their source since a revision: a watch that is opened again when it breaks, gathered as
 * the newest state of each key. Events come in the order of their revisions, each revision whole, so when a slot's marker has
 * come, so has everything that was written to the slot before it stopped.
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
  /** Whether this process works on moves no more. */
  isStopped(): boolean;
}

/** Batches of events that are kept until it is known who sends them. */
const earlyBatchesMax = 1024;
/** Of the room for what has come: with more than one part in so many it is written before the copy goes on. */
const heavyShare = 4;

export class SourceTail {
  private readonly options: SourceTailOptions;
  private readonly slots: ReadonlySet<number>;
  /** Of keys that are copied. */
  private readonly gathered = new GatheredWrites();
  /** What has been said of keys whose page has not come: most of it is in that page. */
  private early: EtcdEvent[] = [];
  private earlyBytes = 0;
  private readonly pages = new CopiedPages();
  /** What has been said since the copy, written or not. */
  readonly record = new TailRecord(this.pages);
  /** Slot to the revision of its marker. */
  private readonly marks = new Map<number, number>();
  /** Slots that have a marker or a probe. */
  private readonly markerSlots = new Set<number>();
  private lastProbe = '';
  /** Everything up to here has come, or is in the copy. */
  private receivedRevision = 0;
  private cancel: Cancel | null = null;
  private isOverflowing = false;
  private isReopening = false;
  private isClosed = false;
  private compacted = false;
  /** More keys have changed since the copy than are remembered. */
  private isTooMuch = false;
  /** There is no source to ask any more, or nobody to ask for. */
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
   * The next page of the copy, with its own markers, goes up to the key `end`: what the watch says of its keys up to its
   * revision is old, and so is what it has said already. Of a watch that lags that may be the first of two writes of which
   * the page holds the second. What it says of keys whose page is still to come will be in that.
   */
  cover({ end, revision, kvs }: Pick<Page, 'end' | 'revision' | 'kvs'>): void {
    this.pages.add(end, revision);
    for (const kv of kvs) if (isMarker(kv.key)) this.takeMarker(kv, false);
    this.record.noteCopied(kvs.filter(({ key }) => !isMarker(key)).length);
    const { early } = this;
    this.early = [];
    this.earlyBytes = 0;
    for (const event of early) this.takeEvent(event);
    this.relieve();
  }

  /** Everything up to this revision has come. */
  get heardRevision(): number {
    return this.receivedRevision;
  }

  /** Keys that wait to be written. */
  get lag(): number {
    return this.gathered.size;
  }

  /** It waits for what has come to be written, or soon will. */
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
   * Everything that has come of keys that are copied, as writes that may be made in any order, once their pages have been
   * written; a second call gives what came after.
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
   * The watch is quiet when it should not be: asks another member to go on from what has come, for as long as the source is
   * in the view. Resolves when the watch is open, or never will be, which `take` and `next` tell.
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
    /** What comes before it is known that the shard itself answers; null from then on. */
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
            // It may not have been told yet how to cancel.
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
      // What is old has been said before: etcd has had watches that go back in time.
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

  /** There is room again for what the watch says. */
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
