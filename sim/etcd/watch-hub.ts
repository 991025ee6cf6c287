/**
 * The watches of one member. Each first gets a replay of history, then every new revision, each revision whole and in one
 * call. As in etcd, a loop that runs now and then does the replay; until then the watch hears nothing. When the revisions
 * that it asks for are compacted meanwhile, the member tells it so and ends it.
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
  /** The revision that the request asked for; 0: from now on. */
  askedRevision: number;
  prevKv: boolean;
  progressNotify: boolean;
  /** Whether anything was sent since the last progress report. */
  isQuiet: boolean;
  outlet: WatchOutlet;
}

export class WatchHub {
  readonly #store: MvccStore;
  /** Watches that have heard everything so far. */
  #synced: Watcher[] = [];
  #unsynced: Watcher[] = [];
  #isMute = false;
  /** Of so many revisions, one is not told to watches of slots; 0: each is told. */
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

  /** While it is mute, no watch hears anything: all fall behind. */
  setMute(isMute: boolean): void {
    this.#isMute = isMute;
    if (!isMute && this.#unsynced.length > 0) this.#requestSync();
  }

  /** From now on one revision of so many is lost to the watches of slots, as if they had heard it; 0: none. */
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

  /** No watch was told of the revisions after this one: each hears them by replay, if the store still has them. */
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

  /** Ends all watches, as a member does when it loses touch with its cluster. */
  breakAll(): void {
    for (const { outlet } of [...this.#synced, ...this.#unsynced]) if (!outlet.isClosed()) outlet.broken();
    this.#synced = [];
    this.#unsynced = [];
  }

  /** First keys of the watches whose clients still listen. */
  get openKeys(): string[] {
    return [...this.#synced, ...this.#unsynced]
      .filter(({ outlet }) => !outlet.isClosed())
      .map(({ interval }) => interval.start);
  }

  /** Tells each watch that asked for it, and has heard nothing since the last call, up to which revision all is delivered. */
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
