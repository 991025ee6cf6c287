/** Where the operations go: which shard has most of them, which slots cause that, and what another placement would change. */
import type { View } from '../../../sharder/core/view.ts';
import type { MovePlan } from './move-plan.ts';
import { planBalance } from './plan-moves.ts';
import type { ShardId, Slot } from '../../../sharder/core/numbers.ts';

export interface HotSlots {
  /** The shard with most operations. */
  shard: ShardId;
  /** Its part of all operations, from 0 to 1. */
  share: number;
  /** Its hottest slots, hottest first, with their parts of all operations. */
  slots: readonly { slot: Slot; share: number }[];
  /** The part of the shard that would have most, if slots were placed by their load ... */
  shareAfter: number;
  /** ... for which so many would move. */
  moved: number;
}

/** - `move`: another placement helps. - `one-key`: no placement helps, with any shards. - `even`: the load is as even as it can be. */
export type Placement = 'move' | 'one-key' | 'even';

const slotsShown = 3;
/** Another placement helps when it takes the busiest shard down to this part of its operations: less is not worth moves. */
const helpsShare = 0.8;

/** Null without operations. @param loads operations by slot, in one window. */
export function findHotSlots(
  view: View,
  loads: readonly number[],
): { hot: HotSlots; plans: MovePlan[] } | null {
  const total = loads.reduce((sum, load) => sum + load, 0);
  if (total === 0) return null;
  const plans = planBalance(view, { loads });
  const target = [...view.slots];
  for (const { slots, to } of plans) for (const slot of slots) target[slot] = to;
  const [shard, load] = busiest(view.slots, loads);
  const [, loadAfter] = busiest(target, loads);
  const slots = view.slots
    .flatMap((owner, slot) => (owner === shard ? [{ slot, share: (loads[slot] ?? 0) / total }] : []))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, slotsShown)
    .filter(({ share }) => share > 0);
  const moved = plans.reduce((sum, plan) => sum + plan.slots.length, 0);
  return { hot: { shard, share: load / total, slots, shareAfter: loadAfter / total, moved }, plans };
}

export function placementOf({ share, slots, shareAfter }: HotSlots): Placement {
  // A slot moves as a whole: a shard with this slot alone would be as busy.
  if ((slots[0]?.share ?? 0) >= helpsShare * share) return 'one-key';
  return shareAfter <= helpsShare * share ? 'move' : 'even';
}

/** For example "shard 2 has 70 % of the operations, slot 17 alone 40 %". */
export function describeHotSlots({ shard, share, slots }: HotSlots): string {
  const [hottest] = slots;
  const alone = hottest === undefined ? '' : `, slot ${hottest.slot} alone ${percent(hottest.share)}`;
  return `shard ${shard} has ${percent(share)} of the operations${alone}`;
}

function busiest(table: readonly number[], loads: readonly number[]): [shard: ShardId, load: number] {
  const sums = new Map<number, number>();
  for (const [slot, shard] of table.entries()) sums.set(shard, (sums.get(shard) ?? 0) + (loads[slot] ?? 0));
  return [...sums].reduce((most, each) => (each[1] > most[1] ? each : most));
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
