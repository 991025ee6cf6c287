/**
 * Records what the watch has said of each key since its page of the copy, until that is proven: the source is asked for the
 * same, so a watch that has lost, repeated or reordered events is found out before anything is built on it. Each proof begins
 * at the revision of the proof before: little has changed since, so there is little to list while slots are stopped.
 */
import type { EtcdEvent, KeyValue } from '../../../sharder/core/etcd-messages.ts';
import { invariant } from '../../../sharder/core/invariant.ts';
import type { CopiedPages } from './copied-pages.ts';
import { KeyFilter } from './key-filter.ts';
import { isMarker } from './marker.ts';
import type { Revision } from '../../../sharder/core/numbers.ts';

interface Said {
  /** The revision of the key's newest event. */
  revision: Revision;
  isThere: boolean;
  /** Whether the copy has the key, by the first event after it. */
  wasThere: boolean;
}

/** What the source itself answers. */
export interface Asked {
  /** The existing keys that have changed since `base`, with their revisions. Keys among them that changed earlier do no harm. */
  changed: readonly Pick<KeyValue, 'key' | 'modRevision'>[];
  /** All keys of the slots but markers, changed or not. */
  count: number;
}

export class TailRecord {
  private readonly pages: CopiedPages;
  private said = new Map<string, Said>();
  /** What the watch had said up to the revision at which the source is asked. */
  private asked: { said: Map<string, Said>; revision: Revision } | null = null;
  /** Keys of the copy, without markers. */
  private copiedKeys = 0;
  /** All keys that the copy has had, and those of them that were deleted since, as far as that is proven. */
  private readonly known = new KeyFilter();
  private readonly gone = new Set<string>();

  constructor(pages: CopiedPages) {
    this.pages = pages;
  }

  /** All changes up to this revision are in the copy, or have been proven. */
  get base(): number {
    return this.pages.oldest;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.said.size + (this.asked?.said.size ?? 0) + this.gone.size;
  }

  noteCopied(keys: readonly string[]): void {
    this.copiedKeys += keys.length;
    for (const key of keys) this.known.add(key);
  }

  /** Records an event of a key that has been copied. */
  note({ type, kv }: EtcdEvent): void {
    const base = this.asked?.revision ?? this.pages.baseOf(kv.key);
    if (kv.modRevision <= base) return;
    const before = this.said.get(kv.key);
    // Without an earlier event, a deleted key was there if the copy has it: its creation may have been lost, and then it was not.
    const wasThere =
      before?.wasThere ?? (type === 'delete' ? this.hasCopied(kv.key) : kv.createRevision <= base);
    this.said.set(kv.key, { revision: kv.modRevision, isThere: type === 'put', wasThere });
  }

  /** The source is asked at this revision, up to which the watch has said everything. Later events are kept apart. */
  askAt(revision: Revision): void {
    this.asked = { said: this.said, revision };
    this.said = new Map();
  }

  /** Takes the answer to `askAt`: when nothing differs, everything up to that revision is proven. @returns as `differenceTo` */
  settle(answer: Asked): string | null {
    invariant(this.asked !== null, 'the source has not been asked');
    const { said, revision } = this.asked;
    const difference = this.compare(said, answer);
    if (difference !== null) return difference;
    this.copiedKeys = answer.count;
    this.pages.settleAt(revision);
    for (const [key, { isThere }] of said) {
      if (!isThere) this.gone.add(key);
      else {
        this.gone.delete(key);
        this.known.add(key);
      }
    }
    this.asked = null;
    return null;
  }

  /**
   * @param answer the source's answer, at a time after which nothing changes and when the watch has said everything.
   * @returns what differs, in words; null when nothing does.
   */
  differenceTo(answer: Asked): string | null {
    return this.compare(this.said, answer);
  }

  /** As far as is proven, or being proven: what is asked for now was said before what comes next. */
  private hasCopied(key: string): boolean {
    const asked = this.asked?.said.get(key);
    return asked === undefined ? this.known.mayHave(key) && !this.gone.has(key) : asked.isThere;
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
