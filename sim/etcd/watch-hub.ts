/**
 * The watches of one member: replay of history first, then every new revision, each revision whole and in one call. As in
 * etcd, replay is the work of a loop that runs now and then; until then the watch hears nothing, and when what it asks for
 * is compacted meanwhile, it is told so and ends.
 */
import type { EtcdEvent, WatchRequest } from '../../sharder/core/etcd-messages.ts';
import { intervalOf, isInside, orderOf, type OrderInterval } from '../../sharder/core/key-order.ts';
import type { MvccStore } from './mvcc-store.ts';
import type { Release } from './release.ts';

/** Events of one replay call; more revisions go into the next call. */
const eventsPerReplayMax = 1_000;

/** Where a watch's messages go, in order. */
export interface WatchOutlet {
  created(revision: number): void;
  events(events: readonly EtcdEvent[], revision: number): void;
  compacted(compactRevision: number): void;
  /** The member ends the watch. */
  broken(): void;
  /** True when nobody listens any more: the watch is dropped. */
  isClosed(): boolean;
}

interface Watcher {
  interval: OrderInterval;
  startRevision: number;
  /** As the request had it; 0: from now on. */
  askedRevision: number;
  prevKv: boolean;
  progressNotify: boolean;
  /** Whether anything was sent since the last progress report. */
  isQuiet: boolean;
  outlet: WatchOutlet;
}

export class WatchHub {
  readonly #store: MvccStore;
  /** Those that have heard everything so far. */
  #synced: Watcher[] = [];
  #unsynced: Watcher[] = [];
  #isMute = false;
  /** Watches of slots are not told of one revision in so many; 0: of each. */
  #losesOneIn = 0;
  readonly #release: Release;
  readonly #requestSync: () => void;

  /** @param parts.requestSync asks for a call of `sync` before long: some watch has fallen behind. */
  constructor(parts: { store: MvccStore; release: Release; requestSync: () => void }) {
    this.#store = parts.store;
    this.#release = parts.release;
    this.#requestSync = parts.requestSync;
  }

  add(request: WatchRequest, outlet: WatchOutlet): void {
    const { revision } = this.#store;
    outlet.created(revision);
    const startRevision = request.startRevision || revision + 1;
    const watcher: Watcher = {
      // An empty key is the smallest one: with an end, everything before it.
      interval: intervalOf(request.key === '' ? '\0' : request.key, request.rangeEnd),
      startRevision,
      askedRevision: request.startRevision ?? 0,
      prevKv: request.prevKv ?? false,
      progressNotify: request.progressNotify ?? false,
      isQuiet: true,
      outlet,
    };
    if (startRevision > revision) {
      this.#synced.push(watcher);
      return;
    }
    this.#unsynced.push(watcher);
    this.#requestSync();
  }

  /** Until it is mute no more, nobody hears anything: all fall behind. */
  setMute(isMute: boolean): void {
    this.#isMute = isMute;
    if (!isMute && this.#unsynced.length > 0) this.#requestSync();
  }

  /** From now on one revision in so many is lost to the watches of slots, as if they had been told; 0: none. */
  setLossy(oneIn: number): void {
    this.#losesOneIn = oneIn;
  }

  /** Replays history to every watch that is behind. */
  sync(): void {
    if (this.#isMute) return;
    const { compactRevision } = this.#store;
    const behind = this.#unsynced;
    this.#unsynced = [];
    for (const watcher of behind) {
      if (watcher.outlet.isClosed()) continue;
      if (watcher.startRevision < compactRevision) {
        watcher.outlet.compacted(compactRevision);
        continue;
      }
      this.#replay(watcher);
      this.#synced.push(watcher);
    }
  }

  /** Revisions have been made of which no watch was told: each hears them by replay, if they are remembered. */
  fallBehind(heardRevision: number): void {
    for (const watcher of this.#synced) {
      watcher.startRevision = Math.max(watcher.startRevision, heardRevision + 1);
      this.#unsynced.push(watcher);
    }
    this.#synced = [];
    if (this.#unsynced.length > 0) this.#requestSync();
  }

  /** A revision has been made. */
  notify(changes: readonly EtcdEvent[]): void {
    if (this.#synced.length === 0) return;
    const revision = this.#store.revision;
    if (this.#isMute) {
      for (const watcher of this.#synced) watcher.startRevision = Math.max(watcher.startRevision, revision);
      this.#unsynced.push(...this.#synced);
      this.#synced = [];
      return;
    }
    let hasClosed = false;
    const isLost = this.#losesOneIn > 0 && revision % this.#losesOneIn === 0;
    for (const watcher of this.#synced) {
      if (watcher.outlet.isClosed()) hasClosed = true;
      else if (isLost && watcher.interval.start.startsWith('d/')) continue;
      else if (revision >= watcher.startRevision)
        this.#send(watcher, this.#select(watcher, changes), revision);
    }
    if (hasClosed) this.#synced = this.#synced.filter((watcher) => !watcher.outlet.isClosed());
  }

  /** Ends all watches, as a member does that loses touch with its cluster. */
  breakAll(): void {
    for (const { outlet } of [...this.#synced, ...this.#unsynced]) if (!outlet.isClosed()) outlet.broken();
    this.#synced = [];
    this.#unsynced = [];
  }

  /** First keys of the watches that somebody still listens to. */
  get openKeys(): string[] {
    return [...this.#synced, ...this.#unsynced]
      .filter(({ outlet }) => !outlet.isClosed())
      .map(({ interval }) => interval.start);
  }

  /** Tells the watches that asked for it, and have heard nothing since the last call, how far everything is delivered. */
  reportProgress(): void {
    const { revision } = this.#store;
    for (const watcher of this.#synced) {
      const mayHear = this.#release.futureWatchesHearProgress || watcher.askedRevision <= revision;
      if (watcher.progressNotify && watcher.isQuiet && mayHear) watcher.outlet.events([], revision);
      watcher.isQuiet = true;
    }
  }

  #replay(watcher: Watcher): void {
    const events = this.#select(watcher, this.#store.changesSince(watcher.startRevision));
    for (let first = 0; first < events.length;) {
      let end = Math.min(first + eventsPerReplayMax, events.length);
      while (end < events.length && events[end]!.kv.modRevision === events[end - 1]!.kv.modRevision) end++;
      const isLast = end === events.length;
      this.#send(
        watcher,
        events.slice(first, end),
        isLast ? this.#store.revision : events[end - 1]!.kv.modRevision,
      );
      first = end;
    }
  }

  #send(watcher: Watcher, events: EtcdEvent[], revision: number): void {
    if (events.length === 0) return;
    watcher.isQuiet = false;
    watcher.outlet.events(events, revision);
  }

  #select(watcher: Watcher, changes: readonly EtcdEvent[]): EtcdEvent[] {
    const selected: EtcdEvent[] = [];
    for (const change of changes) {
      if (!isInside(orderOf(change.kv.key), watcher.interval)) continue;
      selected.push(watcher.prevKv ? { ...change, prevKv: this.#previous(change) } : change);
    }
    return selected;
  }

  /** The version before the change; null for the first one, and when it has been compacted. */
  #previous({ kv }: EtcdEvent): EtcdEvent['prevKv'] {
    if (kv.version !== 0 && kv.createRevision === kv.modRevision) return null;
    const before = kv.modRevision - 1;
    return before < this.#store.compactRevision ? null : (this.#store.get(kv.key, before) ?? null);
  }
}
