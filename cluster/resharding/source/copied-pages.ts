/**
 * The pages that a copy holds, in the order of their keys. Each is read at the newest revision of its moment, so no page asks
 * for a forgotten revision, however long the copy takes. For a key, the watch's events count from its page's revision on.
 */
import { present } from '../../../sharder/core/invariant.ts';
import { orderOf } from '../../../sharder/core/key-order.ts';
import type { Revision } from '../../../sharder/core/numbers.ts';

export class CopiedPages {
  /** Where pages end, ascending. Neighbouring pages of one revision are one page. */
  private ends: string[] = [];
  private revisions: number[] = [];
  private isAll = false;

  /** The revision of the first page; 0 before there is one. */
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

  /** From now on the whole copy counts as made at this revision. */
  settleAt(revision: Revision): void {
    this.ends = [];
    this.revisions = [revision];
    this.isAll = true;
  }

  has(key: string): boolean {
    return this.isAll || this.pageOf(key) < this.ends.length;
  }

  /** The copy holds the key's events up to this revision, or will: no later page is of an older revision. */
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
