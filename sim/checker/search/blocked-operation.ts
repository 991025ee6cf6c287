/**
 * Explains an illegal history: finds the operation with which it goes wrong. Cut a history off at a moment: an operation that
 * has not returned before it is open (but keeps its version). The longer the cut, the more must be explained, so there is a
 * first return with which the cut is no longer linearizable: a property of the history, not of the order of the search. That
 * operation cannot be placed, and a linearization of the cut just before it is the longest prefix.
 */
import { observes, type KeyHistory } from '../history/key-history.ts';
import type { SearchResult } from './search.ts';

export interface Explanation {
  blocked: number;
  /** A linearization of all operations that returned before `blocked`, and of some that were pending then. */
  order: Int32Array;
}

/**
 * @param known two moments: the operations that returned before the first can be linearized, those that returned up to the
 * second can not. They are how far the search got, or where a contradiction lies. The answer is near, so the first steps from
 * there are small.
 * @param search judges a cut. Where it does not finish, the explanation is the best that was found until then: still an
 * operation with which the history is not linearizable, but perhaps not the first.
 */
export function explainIllegal(
  history: KeyHistory,
  known: { solvedBefore: number; illegalBy: number },
  search: (cut: KeyHistory) => SearchResult,
): Explanation {
  const byReturn = sortByReturn(history);
  const countUpTo = (isLater: (returned: number) => boolean): number => {
    const first = byReturn.findIndex((index) => isLater(history.returned[index]!));
    return first < 0 ? byReturn.length : first;
  };
  let order = new Int32Array(0);
  const judge = (count: number): SearchResult['kind'] => {
    const cut = cutOff(history, byReturn, count);
    const result = search(cut);
    if (result.kind === 'ok') order = result.order.map((index) => cut.source[index]!);
    return result.kind;
  };

  // Invariant: the first `low` returns can be linearized, as in `order`; the first `high` can not.
  let low = countUpTo((returned) => returned >= known.solvedBefore);
  let high = countUpTo((returned) => returned > known.illegalBy);
  let verdict = judge(low);
  for (let stride = 1; low + 1 < high && verdict !== 'unknown'; stride *= 2) {
    const middle = (low + high) >>> 1;
    const probe =
      known.illegalBy === Infinity ? Math.min(low + stride, middle) : Math.max(high - stride, middle);
    verdict = judge(probe);
    if (verdict === 'ok') low = probe;
    if (verdict === 'illegal') high = probe;
  }
  return { blocked: byReturn[high - 1]!, order };
}

function sortByReturn({ count, returned }: KeyHistory): Int32Array {
  return Int32Array.from({ length: count }, (_, index) => index)
    .filter((index) => returned[index] !== Infinity)
    .toSorted((a, b) => returned[a]! - returned[b]! || a - b);
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
