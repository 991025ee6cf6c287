/**
 * What the watch has said of each key since its page of the copy, kept until it has been proven: the source is asked for the
 * same, and a watch that has lost, repeated or reordered events is found out before anything is built on it. What is proven at
 * one revision is what the next proof begins with: little has changed since, and little is to be listed while slots are stopped.
 */
import type { EtcdEvent, KeyValue } from '../../../sharder/core/etcd-messages.ts';
import { invariant } from '../../../sharder/core/invariant.ts';
import type { CopiedPages } from './copied-pages.ts';
import { isMarker } from './marker.ts';
import type { Revision } from '../../../sharder/core/numbers.ts';

interface Said {
  /** Of its newest event. */
  revision: Revision;
  isThere: boolean;
  /** Whether the copy has the key, by the first event after it. */
  wasThere: boolean;
}

/** The source's own word. */
export interface Asked {
  /** The keys that are there and have changed since `base`, with their revisions. Some have changed before: they do no harm. */
  changed: readonly Pick<KeyValue, 'key' | 'modRevision'>[];
  /** All keys of the slots but markers, changed or not. */
  count: number;
}

export class TailRecord {
  private readonly pages: CopiedPages;
  private said = new Map<string, Said>();
  /** What had been said by the revision at which the source is being asked. */
  private asked: { said: Map<string, Said>; revision: Revision } | null = null;
  /** Keys of the copy, without markers. */
  private copiedKeys = 0;

  constructor(pages: CopiedPages) {
    this.pages = pages;
  }

  /** What has changed up to this revision is in the copy, or has been proven. */
  get base(): number {
    return this.pages.oldest;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.said.size + (this.asked?.said.size ?? 0);
  }

  noteCopied(keys: number): void {
    this.copiedKeys += keys;
  }

  /** Of a key that has been copied. */
  note({ type, kv }: EtcdEvent): void {
    const base = this.asked?.revision ?? this.pages.baseOf(kv.key);
    if (kv.modRevision <= base) return;
    const before = this.said.get(kv.key);
    // Nothing is deleted that was not there, and what was made since was not there before, unless a deletion came first.
    const wasThere = before?.wasThere ?? (type === 'delete' || kv.createRevision <= base);
    this.said.set(kv.key, { revision: kv.modRevision, isThere: type === 'put', wasThere });
  }

  /** The source is asked at this revision, up to which the watch has said everything: what is said from now on is kept apart. */
  askAt(revision: Revision): void {
    this.asked = { said: this.said, revision };
    this.said = new Map();
  }

  /** The answer to `askAt`: where nothing differs, everything is proven up to then. @returns as `differenceTo` */
  settle(answer: Asked): string | null {
    invariant(this.asked !== null, 'the source has not been asked');
    const { said, revision } = this.asked;
    const difference = this.compare(said, answer);
    if (difference !== null) return difference;
    this.copiedKeys = answer.count;
    this.pages.settleAt(revision);
    this.asked = null;
    return null;
  }

  /**
   * @param answer of a time after which nothing changes, when the watch has said everything.
   * @returns what differs, in words; null when nothing does.
   */
  differenceTo(answer: Asked): string | null {
    return this.compare(this.said, answer);
  }

  private compare(said: ReadonlyMap<string, Said>, { changed, count }: Asked): string | null {
    const seen = new Set<string>();
    for (const { key, modRevision } of changed) {
      if (isMarker(key) || modRevision <= this.pages.baseOf(key)) continue;
      seen.add(key);
      const told = said.get(key);
      if (told === undefined) return `a write at revision ${modRevision} is missing`;
      if (!told.isThere) return `a key that is there at revision ${modRevision} was said to be deleted`;
      if (told.revision !== modRevision)
        return `a key was last written at revision ${modRevision}, not ${told.revision}`;
    }
    let expected = this.copiedKeys;
    for (const [key, { revision, isThere, wasThere }] of said) {
      if (isThere && !seen.has(key))
        return `the deletion of a key written at revision ${revision} is missing`;
      expected += Number(isThere) - Number(wasThere);
    }
    return count === expected ? null : `there are ${count} keys, not ${expected}`;
  }
}
