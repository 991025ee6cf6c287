/** Computes the moves that turn the present table into the wanted one: pure, with as few slots moved as possible. */
import { ownerOf, type View, type ViewShard } from '../../../sharder/core/view.ts';
import { balanceLoads } from './balance-loads.ts';
import { balanceSlots } from './balance-slots.ts';
import type { MovePlan } from './move-plan.ts';
import { RefusedError } from './refused-error.ts';
import { withDraining, withShard } from './view-changes.ts';
import type { ShardId, Slot } from '../../../sharder/core/numbers.ts';

export interface BalanceGoal {
  /** Shares by shard id, 1 where it is not named; not negative, not all 0. */
  weights?: ReadonlyMap<number, number>;
  /** Load of each slot; absent: slots count alike. */
  loads?: readonly number[];
}

/** The shard that each slot is at, or is on its way to. */
function settledSlots(view: View): number[] {
  const slots = [...view.slots];
  for (const move of view.moves) if (!move.abort) for (const slot of move.slots) slots[slot] = move.to;
  return slots;
}

/**
 * The plans after which all shards that take slots have their share; slots in moves stay where they are going.
 * @throws RefusedError `unknown-shard`, `bad-weights`
 */
export function planBalance(view: View, goal: BalanceGoal): MovePlan[] {
  const taking = takingShards(view).map((shard) => shard.id);
  refuseWeights(view, taking, goal);
  return plansBetween(view, tableFor(view, taking, goal));
}

/** The plans when so many shards join, each after the one before it has its share: a slot may move more than once. */
export function planJoins(view: View, count: number): { shards: number[]; plans: MovePlan[] } {
  let grown: View = { ...view, slots: settledSlots(view), moves: [] };
  const shards: number[] = [];
  const plans: MovePlan[] = [];
  while (shards.length < count) {
    shards.push(grown.nextShard);
    grown = { ...grown, ...withShard(grown, { id: grown.nextShard, endpoints: [] }) };
    const slots = [...grown.slots];
    for (const plan of planBalance(grown, {})) {
      plans.push(plan);
      for (const slot of plan.slots) slots[slot] = plan.to;
    }
    grown = { ...grown, slots };
  }
  return { shards, plans };
}

/** As `planDrain`, for a shard that may leave. @throws RefusedError `home-shard`, `unknown-shard`, `last-shard` */
export function planRemoval(view: View, id: number): MovePlan[] {
  withDraining(view, id);
  return planDrain(view, id);
}

/** The plans that move all slots of a shard away and leave all other slots where they are. */
export function planDrain(view: View, id: number): MovePlan[] {
  const others = takingShards(view).filter((shard) => shard.id !== id);
  if (others.length === 0)
    throw new RefusedError('last-shard', `shard ${id} is the only one that takes slots`);
  const table = settledSlots(view);
  const leaving = table.flatMap((owner, slot) => (owner === id ? [slot] : []));
  const takers = others.map((shard) => ({
    id: shard.id,
    held: table.filter((owner) => owner === shard.id).length,
    given: 0,
  }));
  for (const _ of leaving) {
    const least = takers.reduce((best, taker) =>
      taker.held + taker.given < best.held + best.given ? taker : best,
    );
    least.given++;
  }
  // Each taker gets neighbouring slots: few moves, and few ranges to read.
  for (const taker of takers) for (const slot of leaving.splice(0, taker.given)) table[slot] = taker.id;
  return plansBetween(view, table);
}

/** Plans cut into moves: neighbouring slots, so that one range of keys is read, and few enough to stop together. */
export function splitPlans(plans: readonly MovePlan[], slotsMax: number): MovePlan[] {
  return plans.flatMap(({ slots, from, to }) => {
    const parts: number[][] = [];
    for (const slot of slots.toSorted((a, b) => a - b)) {
      const part = parts.at(-1);
      if (part && part.length < slotsMax && part.at(-1) === slot - 1) part.push(slot);
      else parts.push([slot]);
    }
    return parts.map((part) => ({ slots: part, from, to }));
  });
}

function takingShards(view: View): ViewShard[] {
  return view.shards.filter((shard) => shard.state !== 'draining');
}

function refuseWeights(view: View, taking: readonly number[], { weights }: BalanceGoal): void {
  if (weights === undefined) return;
  for (const id of weights.keys())
    if (!view.shards.some((shard) => shard.id === id))
      throw new RefusedError('unknown-shard', `there is no shard ${id}`);
  if (taking.every((id) => weights.get(id) === 0))
    throw new RefusedError('bad-weights', 'some shard that stays must have a share above 0');
}

function tableFor(view: View, taking: readonly number[], { weights, loads }: BalanceGoal): number[] {
  const weightOf = (id: number) => weights?.get(id) ?? 1;
  const table = settledSlots(view);
  const fixed = new Set(view.moves.flatMap((move) => move.slots));
  if (loads !== undefined) return balanceLoads({ table, shards: taking, weightOf, loads, fixed });
  return balanceSlots(table, taking, { weightOf, fixed });
}

/** Slots that are in a move are in no plan. Each plan is a run of neighbours. */
function plansBetween(view: View, target: readonly number[]): MovePlan[] {
  const moving = new Set(view.moves.flatMap((move) => move.slots));
  const bySlots = new Map<string, { slots: Slot[]; from: ShardId; to: ShardId }>();
  for (const [slot, to] of target.entries()) {
    const from = ownerOf(view, slot);
    if (from === to || moving.has(slot)) continue;
    const key = `${from} ${to}`;
    const plan = bySlots.get(key) ?? { slots: new Array<Slot>(), from, to };
    plan.slots.push(slot);
    bySlots.set(key, plan);
  }
  return [...bySlots.values()];
}
