/** Finds the quiescent points of a history at which the search may forget what is behind it. */
import type { Bounds } from './narrow-intervals.ts';
import type { Model } from '../models/register-model.ts';

/**
 * By rank q: 1 if every operation up to q returns before the next is invoked, q overlaps none of the earlier ones
 * either, and q leaves one certain state. Every linearization passes through this point with exactly the ranks up to q
 * placed and in this state.
 *
 * @param operations the operations that must be placed, in the order of invocation.
 */
export function findCuts(operations: Int32Array, { invoked, returned }: Bounds, model: Model): Uint8Array {
  const cuts = new Uint8Array(operations.length);
  let lastReturn = -Infinity;
  let overlapsEarlier = false;
  for (let rank = 0; rank < operations.length; rank++) {
    const begin = invoked[operations[rank]!]!;
    if (rank > 0 && lastReturn < begin && !overlapsEarlier) {
      cuts[rank - 1] = model.determines(operations[rank - 1]!) ? 1 : 0;
    }
    overlapsEarlier = lastReturn >= begin;
    lastReturn = Math.max(lastReturn, returned[operations[rank]!]!);
  }
  return cuts;
}
