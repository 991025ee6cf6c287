/** Which slot goes where when shards come or go: pure, total, balanced to within one slot, with as few moves as possible. */

/**
 * A table for the given shards: every shard gets its even share, and a slot moves only if its shard is not among them or
 * has more than its share. Where shares differ by one, the larger ones go to those that hold most already.
 * @param slots slot to shard id. @param shardIds at least one, unique.
 */
export function balanceSlots(slots: readonly number[], shardIds: readonly number[]): number[] {
  if (shardIds.length === 0) throw new Error('slots need a shard');
  const shares = sharesOf(slots, shardIds);
  const table = [...slots];
  const moving: number[] = [];
  const kept = new Map<number, number>();
  for (const [slot, id] of slots.entries()) {
    const held = kept.get(id) ?? 0;
    if (held < (shares.get(id) ?? 0)) kept.set(id, held + 1);
    else moving.push(slot);
  }
  const needy = shardIds.filter((id) => (kept.get(id) ?? 0) < shares.get(id)!);
  for (const slot of moving) {
    const id = needy[0]!;
    table[slot] = id;
    const held = (kept.get(id) ?? 0) + 1;
    kept.set(id, held);
    if (held === shares.get(id)!) needy.shift();
  }
  return table;
}

/** How many slots each shard is to have. */
function sharesOf(slots: readonly number[], shardIds: readonly number[]): Map<number, number> {
  const held = new Map(shardIds.map((id) => [id, 0]));
  for (const id of slots) if (held.has(id)) held.set(id, held.get(id)! + 1);
  const share = Math.floor(slots.length / shardIds.length);
  const larger = slots.length % shardIds.length;
  const byHeld = shardIds.toSorted((a, b) => held.get(b)! - held.get(a)!);
  return new Map(byHeld.map((id, rank) => [id, rank < larger ? share + 1 : share]));
}
