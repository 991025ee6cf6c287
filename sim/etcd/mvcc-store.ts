/**
 * The versions of all keys: what etcd's mvcc package keeps. Each write transaction that changes something makes one
 * revision, and numbers its changes in their order. A compaction drops the history before it, but keeps the versions that
 * were the newest ones then.
 */
import type { EtcdEvent, KeyValue } from '../../sharder/core/etcd-messages.ts';
import { isInside, orderOf, type OrderInterval } from '../../sharder/core/key-order.ts';
import type { Release } from './release.ts';

const noBytes = new Uint8Array(0);

/** A key and its versions, oldest first. A version of number 0 is a deletion. */
interface KeyRecord {
  readonly key: string;
  readonly order: string;
  versions: KeyValue[];
}

export class MvccStore {
  /** The newest revision. An empty store stands at 1. */
  revision = 1;
  /** Reads below this revision are refused. -1: never compacted. */
  compactRevision = -1;
  readonly #records = new Map<string, KeyRecord>();
  /** All records by order; a deleted key stays until it is compacted away. */
  readonly #sorted: KeyRecord[] = [];
  /** Changes of all revisions since the last compaction, in order. */
  #history: EtcdEvent[] = [];
  /** Changes of the transaction that is now running. */
  #changes: EtcdEvent[] = [];
  readonly #compactionKeepsDeletions: boolean;

  constructor({ compactionKeepsDeletions }: Pick<Release, 'compactionKeepsDeletions'>) {
    this.#compactionKeepsDeletions = compactionKeepsDeletions;
  }

  /** What a reader inside the running transaction sees as the newest revision. */
  get visibleRevision(): number {
    return this.#changes.length > 0 ? this.revision + 1 : this.revision;
  }

  /** The newest version of a key, at `revision` if given; undefined when there was none, or it was deleted. */
  get(key: string, revision: number = Infinity): KeyValue | undefined {
    const record = this.#records.get(key);
    return record === undefined ? undefined : versionAt(record, revision);
  }

  /** The versions at `revision` of all keys in the interval, by order. */
  list(interval: OrderInterval, revision: number): KeyValue[] {
    const found: KeyValue[] = [];
    for (let at = this.#seek(interval.start); at < this.#sorted.length; at++) {
      const record = this.#sorted[at]!;
      if (!isInside(record.order, interval)) break;
      const version = versionAt(record, revision);
      if (version !== undefined) found.push(version);
    }
    return found;
  }

  /** Part of a transaction that must be ended with `endWrite`. */
  put(key: string, value: Uint8Array, lease: number): void {
    const record = this.#recordOf(key);
    const previous = versionAt(record, Infinity);
    const revision = this.revision + 1;
    const kv: KeyValue = {
      key,
      value,
      createRevision: previous?.createRevision ?? revision,
      modRevision: revision,
      version: (previous?.version ?? 0) + 1,
      lease,
    };
    record.versions.push(kv);
    this.#changes.push({ type: 'put', kv, prevKv: null });
  }

  /** Part of a transaction that must be ended with `endWrite`. The key must exist. */
  delete(key: string): void {
    const kv: KeyValue = {
      key,
      value: noBytes,
      createRevision: 0,
      modRevision: this.revision + 1,
      version: 0,
      lease: 0,
    };
    this.#recordOf(key).versions.push(kv);
    this.#changes.push({ type: 'delete', kv, prevKv: null });
  }

  /** Ends a write transaction. @returns its changes, all of one new revision, or none. */
  endWrite(): readonly EtcdEvent[] {
    const changes = this.#changes;
    if (changes.length === 0) return changes;
    this.#changes = [];
    this.revision++;
    for (const change of changes) this.#history.push(change);
    return changes;
  }

  /** Changes from `revision` on that are still known, in order. */
  changesSince(revision: number): EtcdEvent[] {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#history[middle]!.kv.modRevision < revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  /**
   * Forgets every version that no read at `revision` or later can see. Whether this includes deletions at `revision` itself,
   * so that a watch from there will not see them, depends on the release.
   */
  compact(revision: number): void {
    this.compactRevision = revision;
    const gone: KeyRecord[] = [];
    for (const record of this.#sorted) {
      const newestAt = record.versions.findLastIndex((version) => version.modRevision <= revision);
      if (newestAt < 0) continue;
      const newest = record.versions[newestAt]!;
      const isKept =
        newest.version > 0 || (this.#compactionKeepsDeletions && newest.modRevision === revision);
      record.versions = record.versions.slice(isKept ? newestAt : newestAt + 1);
      if (record.versions.length === 0) gone.push(record);
    }
    for (const record of gone) {
      this.#records.delete(record.key);
      this.#sorted.splice(this.#seek(record.order), 1);
    }
    this.#history = this.changesSince(revision).filter(
      ({ kv }) => kv.modRevision > revision || this.#records.get(kv.key)?.versions[0] === kv,
    );
  }

  /** All versions that are kept, and the bytes of their keys and values. */
  measure(): { versions: number; bytes: number } {
    let versions = 0;
    let bytes = 0;
    for (const record of this.#sorted) {
      versions += record.versions.length;
      for (const { key, value } of record.versions) bytes += key.length + value.length;
    }
    return { versions, bytes };
  }

  #recordOf(key: string): KeyRecord {
    let record = this.#records.get(key);
    if (record === undefined) {
      record = { key, order: orderOf(key), versions: [] };
      this.#records.set(key, record);
      const at = this.#seek(record.order);
      if (at === this.#sorted.length) this.#sorted.push(record);
      else this.#sorted.splice(at, 0, record);
    }
    return record;
  }

  /** Position of the first record that is not before `order`. */
  #seek(order: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]!.order < order) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function versionAt(record: KeyRecord, revision: number): KeyValue | undefined {
  const { versions } = record;
  let at = versions.length - 1;
  while (at >= 0 && versions[at]!.modRevision > revision) at--;
  const version = versions[at];
  return version === undefined || version.version === 0 ? undefined : version;
}
