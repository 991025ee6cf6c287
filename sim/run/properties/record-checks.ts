/**
 * The fields that the records must have, whatever has happened: a slot's new state at a shard follows from its state before,
 * from the move, and from the other shard's record. Pure.
 */
import type { FenceRecord, SlotState } from '../../../sharder/core/fence.ts';
import type { MoveRecord, View } from '../../../sharder/core/view.ts';

type Frozen = Extract<SlotState, { kind: 'frozen' }>;

export interface SlotChange {
  shard: number;
  from: SlotState | undefined;
  to: SlotState;
  /** The move in the view that moves the slot; undefined: none does. */
  move: MoveRecord | undefined;
  /** The revision of the record that was replaced. */
  before: number;
  /** The slot's state at the shard that the move takes it from. */
  source: SlotState | undefined;
}

/** What is wrong with the fields of a slot's new state; null: nothing. */
export function wrongField(change: SlotChange): string | null {
  const { to } = change;
  switch (to.kind) {
    case 'owned':
      return wrongOwner(change, to);
    case 'importing':
      return wrongClaim(change, to);
    case 'frozen':
      return wrongStop(change, to);
    case 'moved':
      return wrongTombstone(change, to);
  }
}

function wrongOwner({ from, source }: SlotChange, to: Extract<SlotState, { kind: 'owned' }>): string | null {
  if (from?.kind === 'importing')
    return source?.kind === 'frozen' ? differs('epoch', to.epoch, source.epoch + 1) : null;
  if (from?.kind !== 'owned' && from?.kind !== 'frozen') return null;
  return (
    differs('epoch', to.epoch, from.epoch + 1) ??
    differs('versionOffset', to.versionOffset, from.versionOffset)
  );
}

function wrongClaim(
  { shard, move, before }: SlotChange,
  to: Extract<SlotState, { kind: 'importing' }>,
): string | null {
  return (
    differs('attempt', to.attempt, before) ??
    (move?.id === to.move ? differs('destination', shard, move.to) : null)
  );
}

function wrongStop({ from, move }: SlotChange, to: Frozen): string | null {
  if (from?.kind !== 'owned') return null;
  return (
    differs('epoch', to.epoch, from.epoch) ??
    differs('versionOffset', to.versionOffset, from.versionOffset) ??
    (move?.id === to.move ? differs('to', to.to, move.to) : null)
  );
}

function wrongTombstone(
  { from, move, source }: SlotChange,
  to: Extract<SlotState, { kind: 'moved' }>,
): string | null {
  if (from?.kind === 'frozen')
    return differs('epoch', to.epoch, from.epoch + 1) ?? differs('to', to.to, from.to);
  if (from?.kind !== 'importing' || move?.id !== from.move) return null;
  const known = source !== undefined && 'epoch' in source ? source.epoch : 0;
  return (
    differs('to', to.to, move.from) ??
    (to.epoch > known ? `its epoch is ${to.epoch}, above ${known} of the source` : null)
  );
}

/** The record's own epoch is that of its newest slot, and never falls; the versions of a new shard equal etcd's own. */
export function wrongRecord(before: FenceRecord | null, record: FenceRecord): string | null {
  const states = [...new Set(record.slots)].filter((state) => state !== undefined);
  if (before === null) {
    const odd = states.find((state) => state.kind !== 'owned' || state.versionOffset !== 0);
    return odd === undefined ? null : `it begins with ${JSON.stringify(odd)}`;
  }
  let newest = before.epoch;
  for (const state of states) if ('epoch' in state) newest = Math.max(newest, state.epoch);
  return differs('epoch', record.epoch, newest);
}

/** Checks the parts of a view that may not change, and its new parts. */
export function wrongView(before: View, view: View): string | null {
  if (view.nextShard < before.nextShard)
    return `nextShard falls from ${before.nextShard} to ${view.nextShard}`;
  if (view.shards[0]!.id !== before.shards[0]!.id) return 'its first shard is another one';
  for (const { id, identity } of view.shards) {
    const known = before.shards.find((shard) => shard.id === id);
    if (known !== undefined && known.identity !== identity) return `shard ${id} has another identity`;
    if (id >= view.nextShard) return `shard ${id} is not below nextShard`;
  }
  for (const move of view.moves) {
    const known = before.moves.find(({ id }) => id === move.id);
    const wrong = known === undefined ? wrongNewMove(move, before, view) : wrongMove(known, move);
    if (wrong !== null) return `move ${move.id}: ${wrong}`;
  }
  return null;
}

function wrongNewMove({ id, slots, from, to, abort }: MoveRecord, before: View, view: View): string | null {
  if (!id.startsWith(`${view.epoch}.`)) return `it is new at epoch ${view.epoch}`;
  if (abort) return 'it is undone before it has begun';
  if (slots.length === 0 || from === to) return 'it moves nothing';
  if (slots.some((slot, at) => at > 0 && slot <= slots[at - 1]!)) return 'its slots do not ascend';
  const taken = new Set(before.moves.flatMap((move) => move.slots));
  if (slots.some((slot) => taken.has(slot))) return 'one of its slots is in another move';
  if (slots.some((slot) => view.slots[slot] !== from)) return `not all of its slots are at shard ${from}`;
  const target = view.shards.find((shard) => shard.id === to);
  return target === undefined || target.state === 'draining' ? `shard ${to} takes no slots` : null;
}

function wrongMove(before: MoveRecord, move: MoveRecord): string | null {
  if (before.abort && !move.abort) return 'it is not to be undone any more';
  const wasAsked = before.abort && before.why !== move.why;
  if (wasAsked) return 'the reason for which it is undone is another one';
  const isSame =
    before.from === move.from && before.to === move.to && before.slots.join() === move.slots.join();
  return isSame ? null : 'it is another one';
}

function differs(field: string, is: number, must: number): string | null {
  return is === must ? null : `its ${field} is ${is}, not ${must}`;
}
