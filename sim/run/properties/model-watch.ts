/**
 * Whether the records of each slot, at every revision of every shard and of the view, follow a path of the model of the
 * protocol: each step that an observer sees is one that the search of the model has found.
 */
import type { SlotState } from '../../../sharder/core/fence.ts';
import type { View } from '../../../sharder/core/view.ts';
import { recordSteps } from '../../model/record-steps.ts';
import { moveIsAsked, recordsText, type SlotRecords, stepText } from '../../model/slot-records.ts';
import type { Violations } from './violations.ts';

/** Slots of a run that are reported: one step of a move may take many off the path. */
const strayMax = 3;

interface WatchedSlot {
  move: string;
  from: number;
  to: number;
  state: SlotRecords;
}

export class ModelWatch {
  private readonly violations: Violations;
  private readonly stateAt: (shard: number, slot: number) => SlotState | undefined;
  /** Slots that have been in a move, with the newest. */
  private readonly slots = new Map<number, WatchedSlot>();
  /** Slots that have left the model: no path continues from where they are. */
  private readonly stray = new Set<number>();

  /** @param stateAt the present state of a slot at a shard. */
  constructor(violations: Violations, stateAt: (shard: number, slot: number) => SlotState | undefined) {
    this.violations = violations;
    this.stateAt = stateAt;
  }

  /** A shard's record has a new state of a slot, and `stateAt` returns it already. */
  onFence(shard: number, slot: number): void {
    const watched = this.slots.get(slot);
    if (watched === undefined || (shard !== watched.from && shard !== watched.to))
      this.leave(slot, `slot ${slot} changes at shard ${shard}, which is in no move of it`);
    else this.step(slot, watched, {});
  }

  onView(before: View, view: View): void {
    for (const move of before.moves) {
      if (view.moves.some(({ id }) => id === move.id)) continue;
      this.stepAll(move.slots, view, { move: 'over' });
    }
    for (const { id, slots, from, to, abort } of view.moves) {
      const isNew = before.moves.every((known) => known.id !== id);
      if (isNew) for (const slot of slots) this.begin(slot, { id, from, to, abort }, view);
      else this.stepAll(slots, view, { move: abort ? 'aborted' : 'open' });
    }
    for (let slot = 0; slot < view.slots.length; slot++) {
      const owner = view.slots[slot]!;
      if (owner === before.slots[slot]) continue;
      const watched = this.slots.get(slot);
      if (watched === undefined || (owner !== watched.from && owner !== watched.to))
        this.leave(slot, `the view gives slot ${slot} to shard ${owner}, which is in no move of it`);
    }
  }

  private begin(
    slot: number,
    { id, from, to, abort }: { id: string; from: number; to: number; abort: boolean },
    view: View,
  ): void {
    const before = this.slots.get(slot);
    if (before) this.check(slot, stepText(recordsText(before.state), moveIsAsked));
    const owner = view.slots[slot] === from ? 'source' : 'destination';
    const watched: WatchedSlot = {
      move: id,
      from,
      to,
      state: { source: '', destination: '', owner, move: abort ? 'aborted' : 'open' },
    };
    this.slots.set(slot, watched);
    watched.state.source = this.kindAt(slot, watched, from);
    watched.state.destination = this.kindAt(slot, watched, to);
    this.check(slot, stepText(moveIsAsked, recordsText(watched.state)));
  }

  private stepAll(slots: readonly number[], view: View, change: Partial<SlotRecords>): void {
    for (const slot of slots) {
      const watched = this.slots.get(slot)!;
      const owner = view.slots[slot] === watched.to ? 'destination' : 'source';
      this.step(slot, watched, { ...change, owner });
    }
  }

  private step(slot: number, watched: WatchedSlot, change: Partial<SlotRecords>): void {
    const { state } = watched;
    const source = this.kindAt(slot, watched, watched.from);
    const destination = this.kindAt(slot, watched, watched.to);
    const { owner = state.owner, move = state.move } = change;
    // Most slots take no step when the records change: the texts are for those that do.
    if (
      source === state.source &&
      destination === state.destination &&
      owner === state.owner &&
      move === state.move
    )
      return;
    watched.state = { source, destination, owner, move };
    this.check(slot, stepText(recordsText(state), recordsText(watched.state)));
  }

  private kindAt(slot: number, { move }: WatchedSlot, shard: number): string {
    const state = this.stateAt(shard, slot);
    if (state === undefined) return 'none';
    return 'move' in state && state.move !== move ? `${state.kind}(old)` : state.kind;
  }

  private check(slot: number, step: string): void {
    if (!recordSteps.has(step))
      this.leave(slot, `slot ${slot} takes a step that is none of the model: ${step}`);
  }

  private leave(slot: number, message: string): void {
    if (this.stray.has(slot)) return;
    this.stray.add(slot);
    if (this.stray.size <= strayMax) this.violations.add('model', message);
  }
}
