/**
 * What the watch has said of each key since the copy, kept until the move has been proven: the source is asked for the same,
 * and a watch that has lost, repeated or reordered events is found out before anything is built on it.
 */
import type { EtcdEvent, KeyValue } from '../../../sharder/core/etcd-messages.ts';
import { isMarker } from './marker.ts';

interface Said {
  /** Of its newest event. */
  revision: number;
  isThere: boolean;
  /** Whether the copy has the key, by the first event after it. */
  wasThere: boolean;
}

/**
 * The source's own word: the keys changed since the copy that are there, with their revisions, and how many there are. Null:
 * it was not asked.
 */
export interface Asked {
  changed: readonly Pick<KeyValue, 'key' | 'modRevision'>[] | null;
  /** All keys of the slots, changed or not. */
  count: number | null;
}

export class TailRecord {
  /** Events that have come before it was known of which revision the copy is. */
  private early: EtcdEvent[] | null = [];
  private readonly said = new Map<string, Said>();
  /** Keys of the copy, without markers. */
  private copiedKeys = 0;
  private baseRevision = 0;

  /** The revision of the copy; 0 until the copy has begun. */
  get base(): number {
    return this.baseRevision;
  }

  /** Keys that have changed since the copy. */
  get size(): number {
    return this.early?.length ?? this.said.size;
  }

  startAt(revision: number): void {
    this.baseRevision = revision;
    const early = this.early ?? [];
    this.early = null;
    for (const event of early) this.note(event);
  }

  noteCopied(keys: number): void {
    this.copiedKeys += keys;
  }

  note(event: EtcdEvent): void {
    const { type, kv } = event;
    if (this.early !== null) return void this.early.push(event);
    if (kv.modRevision <= this.baseRevision) return;
    const before = this.said.get(kv.key);
    // Nothing is deleted that was not there, and what was made since was not there before, unless a deletion came first.
    const wasThere = before?.wasThere ?? (type === 'delete' || kv.createRevision <= this.baseRevision);
    this.said.set(kv.key, { revision: kv.modRevision, isThere: type === 'put', wasThere });
  }

  /**
   * @param asked at a revision up to which the watch has said everything; its markers are left out of the comparison.
   * @param upTo that revision; keys of which the watch has heard since are not compared.
   * @returns what differs, in words; null when nothing does.
   */
  differenceTo({ changed, count }: Asked, upTo: number): string | null {
    const seen = new Set<string>();
    for (const { key, modRevision } of changed ?? []) {
      if (isMarker(key)) continue;
      seen.add(key);
      const said = this.said.get(key);
      if (said !== undefined && said.revision > upTo) continue;
      if (said === undefined) return `a write at revision ${modRevision} is missing`;
      if (!said.isThere) return `a key that is there at revision ${modRevision} was said to be deleted`;
      if (said.revision !== modRevision)
        return `a key was last written at revision ${modRevision}, not ${said.revision}`;
    }
    let expected = this.copiedKeys;
    for (const [key, { revision, isThere, wasThere }] of this.said) {
      if (revision > upTo) continue;
      if (isThere && changed !== null && !seen.has(key))
        return `the deletion of a key written at revision ${revision} is missing`;
      expected += Number(isThere) - Number(wasThere);
    }
    if (count === null || count === expected) return null;
    return `there are ${count} keys, not ${expected}`;
  }
}
