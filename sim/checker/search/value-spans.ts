/**
 * Finds contradictions that need no search. If only one operation W can have produced the value v, then from W to the
 * last operation that found v the register holds v and nothing else: a block without other effects. The block begins no
 * later than the first return among these operations and ends no earlier than their last invocation; where the former
 * comes before the latter it spans the time between. So two such spans must not overlap, and no operation that writes,
 * or finds something else, may lie within one. For unique values these are the zones of Gibbons and Korach, "Testing
 * Shared Memories" (1997). The search would find the same, but only after trying every order of what is concurrent.
 */
import { kinds, observes, type KeyHistory } from '../history/key-history.ts';
import type { Bounds } from './narrow-intervals.ts';
import { findSightings, INITIAL } from './sole-producers.ts';

interface Span {
  value: number;
  /** First return and last invocation: the register holds the value from one to the other. */
  from: number;
  to: number;
  /** When all operations that prove it had returned. */
  knownBy: number;
}

/** A moment by which the history is illegal, or undefined where no contradiction is found. For histories without appends. */
export function findContradiction(history: KeyHistory, bounds: Bounds): number | undefined {
  const spans = findSpans(history, bounds).toSorted((a, b) => a.from - b.from);
  for (let index = 1; index < spans.length; index++) {
    const [one, other] = [spans[index - 1]!, spans[index]!];
    // Up to here spans do not overlap, so the one before reaches furthest.
    if (other.from < one.to) return Math.max(one.knownBy, other.knownBy);
  }
  for (let operation = 0; operation < history.count; operation++) {
    const span = lastBefore(spans, bounds.invoked[operation]!);
    if (span === undefined || bounds.returned[operation]! >= span.to) continue;
    if (disturbs(history, operation, span.value)) return Math.max(span.knownBy, history.returned[operation]!);
  }
  return undefined;
}

function findSpans(history: KeyHistory, { invoked, returned }: Bounds): Span[] {
  const spans = new Map<number, Span>();
  for (const { reader, producer } of findSightings(history)) {
    const value = history.value[reader]!;
    let span = spans.get(value);
    if (span === undefined) {
      const isInitial = producer === INITIAL;
      const from = isInitial ? -Infinity : returned[producer]!;
      const to = isInitial ? -Infinity : invoked[producer]!;
      span = { value, from, to, knownBy: -Infinity };
      spans.set(value, span);
    }
    span.from = Math.min(span.from, returned[reader]!);
    span.to = Math.max(span.to, invoked[reader]!);
    span.knownBy = Math.max(span.knownBy, history.returned[reader]!);
  }
  return [...spans.values()].filter(({ from, to }) => from < to);
}

/** Whether the operation cannot take effect while the register holds this value, unless it ends that. */
function disturbs({ kind, value }: KeyHistory, operation: number, held: number): boolean {
  if (kind[operation] === kinds.read || kind[operation] === kinds.swap) return value[operation] !== held;
  if (observes(kind[operation]!)) return value[operation] === held;
  return true;
}

/** The span that begins last before the moment. */
function lastBefore(spans: readonly Span[], moment: number): Span | undefined {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[middle]!.from < moment) low = middle + 1;
    else high = middle;
  }
  return spans[low - 1];
}
