/** The operations that have certainly found a value which only one operation can have produced. For histories without appends. */
import { kinds, observes, type KeyHistory } from '../history/key-history.ts';
import { productOf } from '../models/traits.ts';
import { MISSING, OTHER } from '../history/value-table.ts';

/** The producer of the key's first state: missing. */
export const INITIAL = -1;
const SEVERAL = -2;

export interface Sighting {
  /** A read, or a cas that was acknowledged. */
  reader: number;
  /** The one operation that can have left what the reader found, or INITIAL. */
  producer: number;
}

export function* findSightings(history: KeyHistory): Generator<Sighting> {
  const producers = soleProducers(history);
  for (let reader = 0; reader < history.count; reader++) {
    const kind = history.kind[reader];
    if (kind !== kinds.read && kind !== kinds.swap) continue;
    // It is not known whether an open cas ever found the value that it expected.
    if (history.returned[reader] === Infinity) continue;
    const producer = producers.get(history.value[reader]!) ?? SEVERAL;
    if (producer !== SEVERAL && producer !== reader) yield { reader, producer };
  }
}

/** By value: the one operation that can have produced it, INITIAL or SEVERAL. */
function soleProducers(history: KeyHistory): Map<number, number> {
  const producers = new Map([[MISSING, INITIAL]]);
  for (let index = 0; index < history.count; index++) {
    if (observes(history.kind[index]!)) continue;
    const product = productOf(history, index);
    producers.set(product, producers.has(product) ? SEVERAL : index);
  }
  // OTHER stands for many values.
  return producers.set(OTHER, SEVERAL);
}
