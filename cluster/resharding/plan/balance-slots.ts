/** Which slot goes where when shards come or go: pure, total, balanced to within one slot, with as few moves as possible. */

export interface SlotBalance {
  /** A shard's share in proportion; not negative, not all 0. Default 1 each. */
  weightOf?: (id: number) => number;
  /** Slots that stay where they are, whatever comes of the balance. */
  fixed?: ReadonlySet<number>;
}

/**
 * A table for the given shards: every shard gets its share, and a slot moves only if its shard is not among them or has more
 * than its share. Where equal shares differ by one, the larger ones go to those that hold most already.
 * @param slots slot to shard id. @param shardIds at least one, unique.
 */
export function balanceSlots(
  slots: readonly number[],
  shardIds: readonly number[],
  { weightOf = () => 1, fixed = new Set() }: SlotBalance = {},
): number[] {
  if (shardIds.length === 0) throw new Error('slots need a shard');
  const shares = sharesOf(slots, shardIds, weightOf);
  const table = [...slots];
  const moving: number[] = [];
  const kept = new Map<number, number>();
  for (const slot of fixed) kept.set(slots[slot]!, (kept.get(slots[slot]!) ?? 0) + 1);
  for (const [slot, id] of slots.entries()) {
    if (fixed.has(slot)) continue;
    const held = kept.get(id) ?? 0;
    if (held < (shares.get(id) ?? 0)) kept.set(id, held + 1);
    else moving.push(slot);
  }
  const needy = shardIds.filter((id) => (kept.get(id) ?? 0) < shares.get(id)!);
  for (const slot of moving) {
    // The shares add up to all slots, so whoever is below its share can take at least what moves.
    const id = needy[0]!;
    table[slot] = id;
    const held = (kept.get(id) ?? 0) + 1;
    kept.set(id, held);
    if (held === shares.get(id)!) needy.shift();
  }
  return table;
}

/** How many slots each shard is to have: whole numbers nearest below its share, and one more for the largest remainders. */
function sharesOf(
  slots: readonly number[],
  shardIds: readonly number[],
  weightOf: (id: number) => number,
): Map<number, number> {
  const held = new Map(shardIds.map((id) => [id, 0]));
  for (const id of slots) if (held.has(id)) held.set(id, held.get(id)! + 1);
  const weights = shardIds.reduce((sum, id) => sum + weightOf(id), 0);
  if (!(weights > 0)) throw new Error('the weights of the shards must not all be 0');
  const exact = new Map(shardIds.map((id) => [id, (slots.length * weightOf(id)) / weights]));
  const shares = new Map(shardIds.map((id) => [id, Math.floor(exact.get(id)!)]));
  const remainder = (id: number) => exact.get(id)! - shares.get(id)!;
  const left = slots.length - [...shares.values()].reduce((sum, share) => sum + share, 0);
  const ranked = shardIds.toSorted((a, b) => remainder(b) - remainder(a) || held.get(b)! - held.get(a)!);
  for (const id of ranked.slice(0, left)) shares.set(id, shares.get(id)! + 1);
  return shares;
}
