/**
 * Tightens the intervals of a history before the search, without changing its verdict. If only one operation W can
 * have produced the value v, then every R that found v comes after W and W before every such R. So W ends before the
 * of these R returns, and no R begins before W is invoked. An open W whose value was found is thereby no longer open: it took
 * effect, and before that return. Where values are unique this leaves no open operation for the search to try.
 */
import { kinds, type KeyHistory } from '../history/key-history.ts';
import { findSightings, INITIAL } from './sole-producers.ts';

/** The moments to search by: those of the history or narrower ones. */
export interface Bounds {
  invoked: Float64Array;
  /** Infinity for an open operation. */
  returned: Float64Array;
}

/** The history itself is not changed. */
export function narrowIntervals(history: KeyHistory): Bounds {
  const invoked = history.invoked.slice();
  const returned = history.returned.slice();
  // An append can produce many values; the argument above needs to know every producer.
  if (history.kind.includes(kinds.append)) return { invoked, returned };

  const firstSeen = new Map<number, number>();
  for (const { reader, producer } of findSightings(history)) {
    if (producer === INITIAL) continue;
    firstSeen.set(producer, Math.min(firstSeen.get(producer) ?? Infinity, history.returned[reader]!));
    // A read that returned before its write began is illegal: it is left as it is for the search to find.
    const begin = history.invoked[producer]!;
    if (begin <= history.returned[reader]!) invoked[reader] = Math.max(invoked[reader]!, begin);
  }
  for (const [producer, seen] of firstSeen) {
    if (seen >= invoked[producer]!) returned[producer] = Math.min(returned[producer]!, seen);
  }
  return { invoked, returned };
}
