/**
 * Tightens the intervals of a history before the search, without changing its verdict. If only one operation W can
 * have produced the value v, then every R that found v comes after W and W before every such R. So W ends before the
 * first of these R returns, and no R begins before W is invoked. An open W that somebody has seen is thereby no longer
 * open: it took effect, and by then. Where values are unique this leaves no open operation for the search to try.
 */
import { kinds, observes, type KeyHistory } from './key-history.ts';
import { MISSING, OTHER } from './value-table.ts';

const NOBODY = -1;
const SEVERAL = -2;

/** The moments to search by: those of the history or narrower ones. The history itself is not changed. */
export function narrowIntervals(history: KeyHistory): { invoked: Float64Array; returned: Float64Array } {
  const invoked = history.invoked.slice();
  const returned = history.returned.slice();
  // An append can produce many values; the argument above needs to know every producer.
  if (history.kind.includes(kinds.append)) return { invoked, returned };

  const producers = soleProducers(history);
  const firstSeen = new Map<number, number>();
  forEachSighting(history, producers, (reader, producer) => {
    firstSeen.set(producer, Math.min(firstSeen.get(producer) ?? Infinity, history.returned[reader]!));
    // A read that returned before its write began is illegal: it is left as it is for the search to find.
    const begin = history.invoked[producer]!;
    if (begin <= history.returned[reader]!) invoked[reader] = Math.max(invoked[reader]!, begin);
  });
  for (const [producer, seen] of firstSeen) {
    if (seen >= invoked[producer]!) returned[producer] = Math.min(returned[producer]!, seen);
  }
  return { invoked, returned };
}

/** By value: the one operation that can have produced it, or SEVERAL. */
function soleProducers({ count, kind, value, replacement }: KeyHistory): Map<number, number> {
  const producers = new Map<number, number>();
  for (let index = 0; index < count; index++) {
    if (observes(kind[index]!)) continue;
    const product =
      kind[index] === kinds.write
        ? value[index]!
        : kind[index] === kinds.swap
          ? replacement[index]!
          : MISSING;
    producers.set(product, producers.has(product) ? SEVERAL : index);
  }
  // The key is missing from the start, and OTHER stands for many values.
  producers.set(MISSING, SEVERAL).set(OTHER, SEVERAL);
  return producers;
}

/** Calls back for each operation that certainly found a value which a single other operation can have produced. */
function forEachSighting(
  history: KeyHistory,
  producers: Map<number, number>,
  callback: (reader: number, producer: number) => void,
): void {
  for (let index = 0; index < history.count; index++) {
    const kind = history.kind[index];
    if (kind !== kinds.read && kind !== kinds.swap) continue;
    // Whether an open cas ever found what it expected is not known.
    if (history.returned[index] === Infinity) continue;
    const producer = producers.get(history.value[index]!) ?? NOBODY;
    if (producer >= 0 && producer !== index) callback(index, producer);
  }
}
