/**
 * What a copy holds: pages in the order of their keys, each of the newest revision of its moment, so that none asks for what
 * the source has forgotten, however long the copy takes. What the watch says counts from the revision of a key's own page on.
 */
import { present } from '../../../sharder/core/invariant.ts';
import { orderOf } from '../../../sharder/core/key-order.ts';
import type { Revision } from '../../../sharder/core/numbers.ts';

export class CopiedPages {
  /** Ascending, as orders: where pages end. Neighbours of one revision are one page. */
  private ends: string[] = [];
  private revisions: number[] = [];
  private isAll = false;

  /** Of the first page; 0 before it. */
  get oldest(): number {
    return this.revisions[0] ?? 0;
  }

  get newest(): number {
    return this.revisions.at(-1) ?? 0;
  }

  /** @param end the first key behind the page, which begins where the one before it ended. @param revision not below the newest. */
  add(end: string, revision: Revision): void {
    if (this.newest === revision && this.ends.length > 0) this.ends.pop();
    else this.revisions.push(revision);
    this.ends.push(orderOf(end));
  }

  /** From now on the copy is as if all of it had been made at this revision. */
  settleAt(revision: Revision): void {
    this.ends = [];
    this.revisions = [revision];
    this.isAll = true;
  }

  has(key: string): boolean {
    return this.isAll || this.pageOf(key) < this.ends.length;
  }

  /** What is said of the key up to this revision, the copy holds, or will: no later page is of an older revision. */
  baseOf(key: string): number {
    return this.isAll ? this.newest : (this.revisions[this.pageOf(key)] ?? this.newest);
  }

  private pageOf(key: string): number {
    const order = orderOf(key);
    let first = 0;
    let last = this.ends.length;
    while (first < last) {
      const middle = (first + last) >>> 1;
      if (order < present(this.ends[middle], 'the end of a page')) last = middle;
      else first = middle + 1;
    }
    return first;
  }
}
