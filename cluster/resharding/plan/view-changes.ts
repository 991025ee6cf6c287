/**
 * Changes of the view, pure: each returns the changed view, or null when there is nothing to change, or throws a refusal.
 * The writer applies each by compare-and-swap, so a change is made to the same view that it was given.
 */
import { SLOT_COUNT } from '../../../sharder/core/slot.ts';
import { homeShardOf, type MoveRecord, type View, type ViewShard } from '../../../sharder/core/view.ts';
import type { MovePlan } from './move-plan.ts';
import { RefusedError } from './refused-error.ts';

/** The view with a shard that has no slots yet. */
export function withShard(view: View, shard: ViewShard): View | null {
  if (find(view, shard.id)) return null;
  if (shard.id !== view.nextShard)
    throw new RefusedError('shard-id', `the next shard is ${view.nextShard}, not ${shard.id}`);
  const { id, endpoints, identity } = shard;
  return { ...view, shards: [...view.shards, { id, endpoints, identity }], nextShard: id + 1 };
}

/** The view with this id spent: a shard that is being made under it cannot join. Null when a shard has the id, or had it. */
export function withoutId(view: View, id: number): View | null {
  return id < view.nextShard ? null : { ...view, nextShard: id + 1 };
}

export function withDraining(view: View, id: number): View | null {
  const shard = find(view, id);
  if (shard === undefined) throw new RefusedError('unknown-shard', `there is no shard ${id}`);
  refuseHome(view, id);
  if (!view.shards.some((other) => other.id !== id && other.state !== 'draining'))
    throw new RefusedError('last-shard', `shard ${id} is the only one that takes slots`);
  if (shard.state === 'draining') return null;
  const shards = view.shards.map((each) => (each === shard ? { ...each, state: 'draining' as const } : each));
  return { ...view, shards };
}

/**
 * The view in which a shard that was to be removed takes slots again; it keeps the slots that have not moved away. Written
 * even when it takes slots already: a mark that is on its way compares the view, and must fail.
 */
export function withoutDraining(view: View, id: number): View | null {
  const shard = find(view, id);
  if (shard === undefined) return null;
  const { state: _draining, ...taking } = shard;
  return { ...view, shards: view.shards.map((each) => (each === shard ? taking : each)) };
}

/** The view without a shard that owns no slots. */
export function withoutShard(view: View, id: number): View | null {
  const shard = find(view, id);
  if (shard === undefined) return null;
  refuseHome(view, id);
  if (shard.state !== 'draining') throw new RefusedError('shard-in-use', `shard ${id} takes slots`);
  const slots = view.slots.filter((owner) => owner === id).length;
  if (slots > 0) throw new RefusedError('shard-in-use', `shard ${id} has ${slots} slots`);
  const move = view.moves.find(({ from, to }) => from === id || to === id);
  if (move) throw new RefusedError('shard-in-use', `shard ${id} is part of move ${move.id}`);
  return { ...view, shards: view.shards.filter((other) => other !== shard) };
}

/** The view with moves, one for each plan. */
export function withMoves(view: View, plans: readonly MovePlan[]): View | null {
  if (plans.length === 0) return null;
  const moving = new Set(view.moves.flatMap((move) => move.slots));
  const epoch = view.epoch + 1;
  const moves = plans.map(({ slots, from, to }, index): MoveRecord => {
    const target = find(view, to);
    if (target === undefined) throw new RefusedError('unknown-shard', `there is no shard ${to}`);
    if (target.state === 'draining') throw new RefusedError('shard-draining', `shard ${to} takes no slots`);
    if (slots.length === 0 || from === to) throw new RefusedError('bad-plan', 'a plan moves no slot');
    for (const slot of slots) {
      if (!Number.isInteger(slot) || slot < 0 || slot >= SLOT_COUNT)
        throw new RefusedError('bad-plan', `there is no slot ${slot}`);
      if (moving.has(slot)) throw new RefusedError('slots-in-move', `slot ${slot} is on its way already`);
      if (view.slots[slot] !== from)
        throw new RefusedError('stale-plan', `slot ${slot} is at shard ${view.slots[slot]}, not ${from}`);
      moving.add(slot);
    }
    return { id: `${epoch}.${index}`, slots: slots.toSorted((a, b) => a - b), from, to, abort: false };
  });
  return { ...view, moves: [...view.moves, ...moves] };
}

/** @param why absent: a client asked for the abort. */
export function withAbort(view: View, id: string, why?: string): View | null {
  const move = view.moves.find((each) => each.id === id);
  if (move === undefined) throw new RefusedError('unknown-move', `there is no move ${id}`);
  if (move.abort) return null;
  if (move.slots.every((slot) => view.slots[slot] === move.to))
    throw new RefusedError('move-committed', `the slots of move ${id} are at shard ${move.to} already`);
  return { ...view, moves: view.moves.map((each) => (each === move ? { ...each, abort: true, why } : each)) };
}

function find(view: View, id: number): ViewShard | undefined {
  return view.shards.find((shard) => shard.id === id);
}

/** The shard that holds the view is the first. */
function refuseHome(view: View, id: number): void {
  if (homeShardOf(view).id === id)
    throw new RefusedError('home-shard', `shard ${id} holds the view and cannot be taken away`);
}
