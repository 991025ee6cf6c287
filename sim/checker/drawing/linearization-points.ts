/** Chooses the moments at which a drawing lets the operations of a linearization take effect. */
import type { Operation } from '../history/operation.ts';

/**
 * By step: a moment within the operation's interval, such that the moments ascend with the steps. The operation at a step
 * can take effect from the last invocation up to that step to the first return from that step on; both ascend, so the
 * middles of these windows ascend too.
 */
export function pointsOf(operations: readonly Operation[], order: readonly number[]): number[] {
  const starts: number[] = [];
  for (const index of order) starts.push(Math.max(starts.at(-1) ?? -Infinity, operations[index]!.invoked));
  const ends = Array.from<number>({ length: order.length });
  let end = Math.max(0, ...starts.slice(-1)) + 1;
  for (let step = order.length - 1; step >= 0; step--) {
    const { outcome, returned } = operations[order[step]!]!;
    if (outcome.kind !== 'open') end = Math.min(end, returned);
    ends[step] = end;
  }
  return spread(starts, ends);
}

/** Steps with one and the same window share it evenly instead of its middle. */
function spread(starts: readonly number[], ends: readonly number[]): number[] {
  const points: number[] = [];
  for (let first = 0, next = 0; first < starts.length; first = next) {
    while (next < starts.length && starts[next] === starts[first] && ends[next] === ends[first]) next++;
    for (let step = first; step < next; step++) {
      const share = (step - first + 1) / (next - first + 1);
      const point = starts[first]! + share * (ends[first]! - starts[first]!);
      points.push(Math.max(points.at(-1) ?? -Infinity, point));
    }
  }
  return points;
}
