/** Decides which slot moves where when shards join or leave: pure, total, balanced to within one slot, with the fewest moves. */
import { present } from '../../../sharder/core/invariant.ts';

export interface SlotBalance {
  /** A shard's share in proportion; not negative, not all 0. Default 1 each. */
  weightOf?: (id: number) => number;
  /** Slots that stay where they are, even if the balance suffers. */
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
  for (const [slot, id] of slots.entries()) if (fixed.has(slot)) kept.set(id, (kept.get(id) ?? 0) + 1);
  for (const [slot, id] of slots.entries()) {
    if (fixed.has(slot)) continue;
    const held = kept.get(id) ?? 0;
    if (held < (shares.get(id) ?? 0)) kept.set(id, held + 1);
    else moving.push(slot);
  }
  const places = [...shares].flatMap(([id, share]) =>
    Array.from({ length: Math.max(0, share - (kept.get(id) ?? 0)) }, () => id),
  );
  // The shares add up to all slots, so the shards below their shares can take at least all slots that move.
  for (const [index, slot] of moving.entries()) table[slot] = present(places[index], 'a place for a slot');
  return table;
}

/** How many slots each shard is to have: whole numbers nearest below its share, and one more for the largest remainders. */
function sharesOf(
  slots: readonly number[],
  shardIds: readonly number[],
  weightOf: (id: number) => number,
): Map<number, number> {
  const weights = shardIds.reduce((sum, id) => sum + weightOf(id), 0);
  if (!(weights > 0)) throw new Error('the weights of the shards must not all be 0');
  const parts = shardIds.map((id) => {
    const exact = (slots.length * weightOf(id)) / weights;
    const share = Math.floor(exact);
    return { id, share, remainder: exact - share, held: slots.filter((owner) => owner === id).length };
  });
  const left = slots.length - parts.reduce((sum, { share }) => sum + share, 0);
  const ranked = parts.toSorted((a, b) => b.remainder - a.remainder || b.held - a.held);
  for (const part of ranked.slice(0, left)) part.share++;
  return new Map(parts.map(({ id, share }) => [id, share]));
}
