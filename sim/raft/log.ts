/**
 * The log of one Raft node: entries from index 1, of which a prefix is stable (synced), a prefix committed, a prefix
 * applied. Kept whole: runs are short. Invariant: applied <= committed <= lastIndex, and stable <= lastIndex.
 */
import type { Entry } from './message.ts';
import { RaftPanic } from './panic.ts';

export class RaftLog {
  /** Position 0 is a sentinel of term 0, so that an entry's position is its index. */
  readonly #entries: Entry[] = [{ term: 0, index: 0, payload: null }];
  committed = 0;
  applied = 0;
  /** Everything up to here is on disk. */
  stable = 0;
  /** Everything up to here has been handed to the disk; entries that replace truncated ones must be handed over again. */
  handedOver = 0;

  get lastIndex(): number {
    return this.#entries.length - 1;
  }

  get lastTerm(): number {
    return this.#entries[this.#entries.length - 1]!.term;
  }

  /** The term at an index; -1 past the end of the log. */
  termAt(index: number): number {
    return this.#entries[index]?.term ?? -1;
  }

  entryAt(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new Error(`raft log: no entry at ${index}`);
    return entry;
  }

  /** Entries from `first` to `last`, both included. */
  slice(first: number, last: number): Entry[] {
    return this.#entries.slice(first, last + 1);
  }

  /** Adds an entry of this node's own, as leader. */
  push(term: number, payload: unknown): Entry {
    const entry: Entry = { term, index: this.#entries.length, payload };
    this.#entries.push(entry);
    return entry;
  }

  /** Takes the entries from a disk after a crash, all of them stable. Only for a new log. */
  restore(entries: readonly Entry[], committed: number): void {
    for (const entry of entries) this.#entries.push(entry);
    this.stable = this.lastIndex;
    this.handedOver = this.lastIndex;
    this.committed = Math.min(committed, this.lastIndex);
  }

  /**
   * Takes a leader's entries that follow `index`, whose term the leader says is `term`.
   * @returns the last index that now agrees with the leader; -1 when `index` itself does not.
   */
  append(index: number, term: number, entries: readonly Entry[]): number {
    if (this.termAt(index) !== term) return -1;
    for (const entry of entries) {
      const known = this.termAt(entry.index);
      if (known === entry.term) continue;
      if (known !== -1) this.#truncate(entry.index);
      this.#entries.push(entry);
    }
    return index + entries.length;
  }

  /** Commits up to `index`, or to the end of the log. @returns whether anything changed. */
  commitTo(index: number): boolean {
    const committed = Math.min(index, this.lastIndex);
    if (committed <= this.committed) return false;
    this.committed = committed;
    return true;
  }

  /** The disk has synced up to `index`, whose entry had `term`; a later truncation makes this void. */
  stableTo(index: number, term: number): void {
    if (index > this.stable && this.termAt(index) === term) this.stable = index;
  }

  /** Whether a log that ends with `index` of `term` is as good as this one: the rule for granting votes. */
  isUpToDate(index: number, term: number): boolean {
    return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex);
  }

  /**
   * The greatest index, not above `index`, whose term is not above `term`: how both sides skip a whole run of conflicts
   * in one step (etcd-io/raft, `findConflictByTerm`).
   */
  findConflict(index: number, term: number): number {
    let at = Math.min(index, this.lastIndex);
    while (at > 0 && this.#entries[at]!.term > term) at--;
    return at;
  }

  #truncate(index: number): void {
    if (index <= this.committed) {
      throw new RaftPanic(`entry ${index} is committed and conflicts with the leader's`);
    }
    this.#entries.length = index;
    this.stable = Math.min(this.stable, index - 1);
    this.handedOver = Math.min(this.handedOver, index - 1);
  }
}
