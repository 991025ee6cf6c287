/**
 * Explains an illegal history: finds the operation with which it goes wrong. Cut a history off at a moment, so that what
 * has not returned by then is open (but keeps its version). The longer the cut, the more must be explained, so there is a first return with
 * which the cut is no longer linearizable: a property of the history, not of the order of the search. That operation is
 * the one that cannot be placed, and a linearization of the cut just before it is the longest prefix.
 */
import { observes, type KeyHistory } from './key-history.ts';
import type { SearchResult } from './search.ts';

export interface Explanation {
  blocked: number;
  /** A linearization of everything that returned before `blocked`, and of some of what was pending then. */
  order: Int32Array;
}

/**
 * @param solvedBefore a moment such that everything that returned before it is known to be linearizable: where the
 * search got to. What it found out by looking ahead lies shortly after, so the first steps from there are small.
 * @param search judges a cut. Where it comes to no end, the explanation is the best that could be found.
 */
export function explainIllegal(
  history: KeyHistory,
  solvedBefore: number,
  search: (cut: KeyHistory) => SearchResult,
): Explanation {
  const { returned } = history;
  const byReturn = Int32Array.from({ length: history.count }, (_, index) => index)
    .filter((index) => returned[index] !== Infinity)
    .toSorted((a, b) => returned[a]! - returned[b]! || a - b);
  const isIllegal = (count: number): boolean => search(cutOff(history, byReturn, count)).kind === 'illegal';

  // Invariant: the first `low` returns can be linearized, the first `high` can not.
  let low = byReturn.findIndex((index) => returned[index]! >= solvedBefore);
  let high = byReturn.length;
  for (let stride = 1; low + stride < high; stride *= 2) {
    if (isIllegal(low + stride)) high = low + stride;
    else low += stride;
  }
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (isIllegal(middle)) high = middle;
    else low = middle;
  }
  const blocked = byReturn[high - 1]!;
  const cut = cutOff(history, byReturn, high - 1);
  const result = search(cut);
  const order =
    result.kind === 'illegal' ? new Int32Array(0) : result.order.map((index) => cut.source[index]!);
  return { blocked, order };
}

/** The history as it was when the first `count` operations had returned. Its `source` are indexes into the whole. */
function cutOff(history: KeyHistory, byReturn: Int32Array, count: number): KeyHistory {
  const { kind, invoked, version } = history;
  const hasReturned = new Uint8Array(history.count);
  for (let index = 0; index < count; index++) hasReturned[byReturn[index]!] = 1;
  const end = count === 0 ? -Infinity : history.returned[byReturn[count - 1]!]!;
  const source = Int32Array.from({ length: history.count }, (_, index) => index).filter(
    (index) => hasReturned[index] === 1 || (invoked[index]! <= end && !observes(kind[index]!)),
  );
  return {
    count: source.length,
    kind: Uint8Array.from(source, (index) => kind[index]!),
    value: source.map((index) => history.value[index]!),
    replacement: source.map((index) => history.replacement[index]!),
    invoked: Float64Array.from(source, (index) => invoked[index]!),
    returned: Float64Array.from(source, (index) =>
      hasReturned[index] === 1 ? history.returned[index]! : Number.POSITIVE_INFINITY,
    ),
    version: Float64Array.from(source, (index) => version[index]!),
    source,
    values: history.values,
  };
}
