/**
 * The order that known versions impose. Along any linearization versions never fall: a write of version V is at place
 * 2V, the reads that found V, and those that found nothing at a bound of V, at 2V + 1. So an operation with a version
 * comes after all that have a lower place, and among equals only real time decides.
 */
import { NO_VERSION, observes, type KeyHistory } from '../history/key-history.ts';
import { MISSING } from '../history/value-table.ts';

/** The place of an operation in the order of versions. Exact below 2^52. */
export function placeOf(history: KeyHistory, operation: number): number {
  return 2 * history.version[operation]! + (observes(history.kind[operation]!) ? 1 : 0);
}

/**
 * Whether the operation takes part in the order: it has a version, and it is certain that it happened. In a history that
 * was cut off (blocked-operation.ts) an operation may be open and yet have the version with which it returned later.
 */
function isOrdered(history: KeyHistory, operation: number): boolean {
  return history.version[operation] !== NO_VERSION && history.returned[operation] !== Infinity;
}

/** The operations that are ordered, by place; at one place, reads that found a value before those that did not. */
export function sortByVersion(history: KeyHistory): Int32Array {
  const places = new Float64Array(history.count);
  let known = 0;
  for (let index = 0; index < history.count; index++) {
    places[index] = placeOf(history, index);
    if (isOrdered(history, index)) known++;
  }
  const sorted = new Int32Array(known);
  for (let index = 0, filled = 0; index < history.count; index++) {
    if (isOrdered(history, index)) sorted[filled++] = index;
  }
  const foundNothing = (index: number): number => (history.value[index] === MISSING ? 1 : 0);
  return sorted.toSorted((a, b) => places[a]! - places[b]! || foundNothing(a) - foundNothing(b) || a - b);
}

/** Keeps the order of versions while operations are placed one after another. */
export class VersionCursor {
  private readonly history: KeyHistory;
  /** By operation: how many of those that are ordered have a lower place; 0 for those that are not. */
  private readonly earlier: Int32Array;
  /** The places, ascending. */
  private readonly places: Float64Array;
  private placed = 0;

  constructor(history: KeyHistory) {
    this.history = history;
    const sorted = sortByVersion(history);
    this.places = Float64Array.from(sorted, (operation) => placeOf(history, operation));
    this.earlier = new Int32Array(history.count);
    for (let index = 0, before = 0; index < sorted.length; index++) {
      if (index > 0 && this.places[index] !== this.places[index - 1]) before = index;
      this.earlier[sorted[index]!] = before;
    }
  }

  /** Whether everything with a lower place is placed. */
  allows(operation: number): boolean {
    return this.placed >= this.earlier[operation]!;
  }

  /** Where the next operation that is ordered belongs; Infinity when none is left. */
  nextPlace(): number {
    return this.placed < this.places.length ? this.places[this.placed]! : Infinity;
  }

  place(operation: number): void {
    if (isOrdered(this.history, operation)) this.placed++;
  }

  takeBack(operation: number): void {
    if (isOrdered(this.history, operation)) this.placed--;
  }
}
