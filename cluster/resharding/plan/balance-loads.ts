/** Decides which slot moves where when slots differ in load: it evens out measured load with the fewest and largest steps. */
import { present } from '../../../sharder/core/invariant.ts';
import type { Slot } from '../../../sharder/core/numbers.ts';

export interface LoadBalance {
  /** Slot to shard id. */
  table: readonly number[];
  /** At least one. */
  shards: readonly number[];
  weightOf: (id: number) => number;
  /** By slot, not negative; a slot that is not in it has none. */
  loads: readonly number[];
  /** Slots that stay. */
  fixed: ReadonlySet<number>;
}

/** A shard has its share when it is within this part of it: a measurement is never exact. */
const tolerance = 0.05;

/**
 * Returns a table in which the slots of shards that take none have moved to others. Then, while a shard has too much load, it
 * moves the slot that brings this shard and the least loaded one nearest to their shares. Every such step makes the table
 * better, so there are no more steps than slots.
 */
export function balanceLoads({ table, shards, weightOf, loads, fixed }: LoadBalance): number[] {
  const target = [...table];
  const loadOf = (slot: Slot) => loads[slot] ?? 0;
  const weights = shards.reduce((sum, id) => sum + weightOf(id), 0);
  const total = loads.reduce((sum, load) => sum + load, 0);
  const excess = new Map(shards.map((id) => [id, -(total * weightOf(id)) / weights]));
  const excessOf = (id: number) => present(excess.get(id), 'the load of a shard');
  const add = (id: number, load: number) => excess.set(id, excessOf(id) + load);
  for (const [slot, id] of target.entries()) if (excess.has(id)) add(id, loadOf(slot));
  const neediest = () => shards.reduce((least, id) => (excessOf(id) < excessOf(least) ? id : least));
  for (const [slot, id] of target.entries()) {
    if (excess.has(id) || fixed.has(slot)) continue;
    target[slot] = neediest();
    add(target[slot], loadOf(slot));
  }
  for (let steps = 0; steps < target.length; steps++) {
    const from = shards.reduce((most, id) => (excessOf(id) > excessOf(most) ? id : most));
    const to = neediest();
    if (excessOf(from) <= (tolerance * total * weightOf(from)) / weights) break;
    const slot = bestSlot(target, { from, loadOf, fixed, wanted: (excessOf(from) - excessOf(to)) / 2 });
    if (slot === null) break;
    target[slot] = to;
    add(from, -loadOf(slot));
    add(to, loadOf(slot));
  }
  return target;
}

/** The slot whose load is nearest to the wanted load, among those whose move makes the two shards more even; null: none. */
function bestSlot(
  target: readonly number[],
  options: { from: number; loadOf: (slot: Slot) => number; fixed: ReadonlySet<number>; wanted: number },
): number | null {
  const { from, loadOf, fixed, wanted } = options;
  let best: number | null = null;
  for (const [slot, id] of target.entries()) {
    const load = loadOf(slot);
    if (id !== from || fixed.has(slot) || load <= 0 || load >= 2 * wanted) continue;
    if (best === null || Math.abs(load - wanted) < Math.abs(loadOf(best) - wanted)) best = slot;
  }
  return best;
}
