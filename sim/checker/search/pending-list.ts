/**
 * Calls and returns of the operations that are not placed yet, in the order of time: a doubly linked list that places
 * an operation and takes it back in constant time, as in Wing and Gong, "Testing and Verifying Concurrent Objects"
 * (1993), and Lowe, "Testing for Linearizability" (2017). The calls before the first return are the operations that may
 * be placed next; the operation of that first return must be placed before anything that was called after it.
 *
 * Operations are named by rank: their place in the order of invocation. Entry 0 is the head, the last one the tail.
 */
import type { KeyHistory } from '../history/key-history.ts';
import type { Bounds } from './narrow-intervals.ts';

export class PendingList {
  /** Operation of each rank. */
  readonly operations: Int32Array;
  readonly next: Int32Array;
  /** Rank of each entry. The tail's is -1. */
  readonly ranks: Int32Array;
  /** 1 for returns, and for the tail. */
  readonly isReturn: Uint8Array;
  readonly tail: number;
  /** Operations that are not placed. */
  size: number;
  private readonly previous: Int32Array;
  private readonly calls: Int32Array;
  private readonly returns: Int32Array;
  private filled = 0;

  /**
   * @param bounds the moments to use, which may be narrower than those of the history itself.
   * @param completed operations that must be placed; each has a finite `returned` in `bounds`.
   */
  constructor(history: KeyHistory, bounds: Bounds, completed: Int32Array) {
    const { invoked, returned } = bounds;
    const count = completed.length;
    this.operations = completed.toSorted((a, b) => invoked[a]! - invoked[b]! || a - b);
    this.size = count;
    this.tail = 2 * count + 1;
    this.next = new Int32Array(2 * count + 2);
    this.previous = new Int32Array(2 * count + 2);
    this.ranks = new Int32Array(2 * count + 2).fill(-1);
    this.isReturn = new Uint8Array(2 * count + 2);
    this.isReturn[this.tail] = 1;
    this.calls = new Int32Array(count);
    this.returns = new Int32Array(count);

    const byReturn = Int32Array.from(completed, (_, rank) => rank).toSorted((a, b) => {
      const [one, other] = [this.operations[a]!, this.operations[b]!];
      // Where a narrowed interval ends with the one that narrowed it, the latter is to be named as stuck.
      return (
        returned[one]! - returned[other]! || history.returned[one]! - history.returned[other]! || one - other
      );
    });
    let called = 0;
    for (const rank of byReturn) {
      const end = returned[this.operations[rank]!]!;
      // A call at the very moment of a return comes first: equal moments are concurrent.
      while (called < count && invoked[this.operations[called]!]! <= end) this.addEntry(this.calls, called++);
      this.addEntry(this.returns, rank);
    }
    for (let entry = 0; entry < this.tail; entry++) {
      this.next[entry] = entry + 1;
      this.previous[entry + 1] = entry;
    }
  }

  private addEntry(kind: Int32Array, rank: number): void {
    const entry = ++this.filled;
    kind[rank] = entry;
    this.ranks[entry] = rank;
    if (kind === this.returns) this.isReturn[entry] = 1;
  }

  returnOf(rank: number): number {
    return this.returns[rank]!;
  }

  /** The first return, or the tail when everything is placed. */
  firstReturn(): number {
    let entry = this.next[0]!;
    while (this.isReturn[entry] === 0) entry = this.next[entry]!;
    return entry;
  }

  place(rank: number): void {
    this.unlink(this.calls[rank]!);
    this.unlink(this.returns[rank]!);
    this.size--;
  }

  /** Undoes the last `place` that has not been undone, which must have been of the same rank. */
  takeBack(rank: number): void {
    this.link(this.returns[rank]!);
    this.link(this.calls[rank]!);
    this.size++;
  }

  private unlink(entry: number): void {
    const before = this.previous[entry]!;
    const after = this.next[entry]!;
    this.next[before] = after;
    this.previous[after] = before;
  }

  private link(entry: number): void {
    this.next[this.previous[entry]!] = entry;
    this.previous[this.next[entry]!] = entry;
  }
}
