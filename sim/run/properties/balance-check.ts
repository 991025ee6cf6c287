/**
 * Whether plans lead to the goal, by plain counting: every shard that takes slots has its share, no more slots move than must,
 * and where loads are to be even, moving any single slot would not make them more even.
 */
import type { BalanceGoal } from '../../../cluster/resharding/plan/plan-moves.ts';
import type { MovePlan } from '../../../cluster/resharding/plan/move-plan.ts';
import type { View } from '../../../sharder/core/view.ts';

/** A shard that has more than its share by less than this part is left alone. */
const tolerance = 0.05;

/** What is wrong with the plans for this view; null: nothing. */
export function wrongBalance(view: View, plans: readonly MovePlan[], goal: BalanceGoal): string | null {
  const fixed = new Set(view.moves.flatMap(({ slots }) => slots));
  const taking = view.shards.filter(({ state }) => state !== 'draining').map(({ id }) => id);
  const before = [...view.slots];
  for (const { slots, to, abort } of view.moves) if (!abort) for (const slot of slots) before[slot] = to;
  const after = [...before];
  for (const { slots, from, to } of plans) {
    if (!taking.includes(to)) return `a plan gives slots to shard ${to}, which takes none`;
    for (const slot of slots) {
      if (fixed.has(slot)) return `slot ${slot} is planned and in a move`;
      if (view.slots[slot] !== from || after[slot] !== from) return `slot ${slot} is not at shard ${from}`;
      after[slot] = to;
    }
  }
  const stays = after.find((id, slot) => !taking.includes(id) && !fixed.has(slot));
  if (stays !== undefined) return `a slot stays at shard ${stays}, which takes none`;
  const weightOf = (id: number) => goal.weights?.get(id) ?? 1;
  const input = { before, after, taking, fixed, weightOf };
  return goal.loads === undefined ? wrongCounts(input) : wrongLoads(input, goal.loads);
}

interface Tables {
  before: readonly number[];
  after: readonly number[];
  taking: readonly number[];
  fixed: ReadonlySet<number>;
  weightOf: (id: number) => number;
}

function wrongCounts({ before, after, taking, fixed, weightOf }: Tables): string | null {
  const count = (table: readonly number[], id: number) => table.filter((owner) => owner === id).length;
  for (const id of taking) {
    const gives = before.some((owner, slot) => owner === id && after[slot] !== id);
    const gets = after.some((owner, slot) => owner === id && before[slot] !== id);
    if (gives && gets) return `shard ${id} gives slots and gets others`;
  }
  if (fixed.size > 0) return null;
  const weights = taking.reduce((sum, id) => sum + weightOf(id), 0);
  for (const id of taking) {
    const share = (after.length * weightOf(id)) / weights;
    const held = count(after, id);
    if (held < Math.floor(share) || held > Math.ceil(share))
      return `shard ${id} has ${held} slots, and its share is ${share}`;
  }
  const isEven = taking.every((id) => weightOf(id) === weightOf(taking[0]!));
  const moved = after.filter((owner, slot) => owner !== before[slot]).length;
  const least =
    after.length -
    mostThatStay(
      taking.map((id) => count(before, id)),
      after.length,
    );
  return isEven && moved > least ? `${moved} slots move, and ${least} would do` : null;
}

/** Slots that can stay, with equal shares: each shard keeps its share at most, and the spare slots let as many keep one more. */
function mostThatStay(held: readonly number[], slots: number): number {
  const share = Math.floor(slots / held.length);
  const spare = slots - share * held.length;
  const above = held.filter((count) => count > share).length;
  return held.reduce((sum, count) => sum + Math.min(count, share), 0) + Math.min(spare, above);
}

function wrongLoads(
  { before, after, taking, fixed, weightOf }: Tables,
  loads: readonly number[],
): string | null {
  const weights = taking.reduce((sum, id) => sum + weightOf(id), 0);
  const total = loads.reduce((sum, load) => sum + load, 0);
  const shareOf = (id: number) => (total * weightOf(id)) / weights;
  const excess = (table: readonly number[], id: number) =>
    table.reduce((sum, owner, slot) => sum + (owner === id ? loads[slot]! : 0), -shareOf(id));
  const excesses = taking.map((id) => ({ id, now: excess(after, id) }));
  const most = excesses.reduce((best, each) => (each.now > best.now ? each : best));
  const least = excesses.reduce((best, each) => (each.now < best.now ? each : best));
  const needless = after.some(
    (owner, slot) => owner !== before[slot] && taking.includes(before[slot]!) && loads[slot] === 0,
  );
  if (needless) return 'a slot without load moves';
  // Sums of fractions are not exact.
  if (most.now <= tolerance * shareOf(most.id) * 1.001 + 1e-6) return null;
  const helps = after.findIndex(
    (owner, slot) =>
      owner === most.id &&
      !fixed.has(slot) &&
      loads[slot]! > 0 &&
      loads[slot]! < (most.now - least.now) * 0.999,
  );
  return helps < 0
    ? null
    : `shard ${most.id} has ${most.now} too much, and slot ${helps} could go to shard ${least.id}`;
}
