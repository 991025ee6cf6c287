/** Tells how the view and the fence records change, in the words of the trace, for readers of the story of a run. */
import type { FenceRecord, SlotState } from '../../../sharder/core/fence.ts';
import { toSlotSpans } from '../../../sharder/core/slot-runs.ts';
import type { View } from '../../../sharder/core/view.ts';
import type { Tracer } from '../../kernel/tracer.ts';
import type { RecordEvent, SimEvent, SlotsChanged } from './sim-event.ts';

export class RecordTeller {
  private readonly tracer: Tracer<SimEvent>;

  constructor(tracer: Tracer<SimEvent>) {
    this.tracer = tracer;
  }

  /** @param who the name of the shard's cluster. */
  onFence(who: string, before: FenceRecord, after: FenceRecord): void {
    const steps = new Map<string, { step: Omit<SlotsChanged, 'name' | 'slots'>; slots: number[] }>();
    for (const [slot, to] of after.slots.entries()) {
      const from = before.slots[slot];
      if (from === to || JSON.stringify(from) === JSON.stringify(to)) continue;
      const step = { from: kindOf(from), to: kindOf(to), epoch: epochOf(to), move: moveOf(to) };
      const key = JSON.stringify(step);
      const found = steps.get(key) ?? { step, slots: [] };
      found.slots.push(slot);
      steps.set(key, found);
    }
    for (const { step, slots } of steps.values())
      this.tracer.tell(who, { name: 'slots.changed', slots: spansOf(slots), ...step });
  }

  /** @param who the name of the home shard's cluster. */
  onView(who: string, before: View, after: View): void {
    const tell = (name: Exclude<RecordEvent['name'], 'slots.changed'>, move: string) =>
      this.tracer.tell(who, { name, move, epoch: after.epoch });
    const known = new Map(before.moves.map((move) => [move.id, move]));
    for (const { id, abort } of after.moves) {
      if (!known.has(id)) tell('view.move_added', id);
      else if (abort && !known.get(id)!.abort) tell('view.abort_asked', id);
    }
    for (const { id, slots, to } of before.moves) {
      const isThere = (view: View) => slots.every((slot) => view.slots[slot] === to);
      if (!isThere(before) && isThere(after)) tell('view.move_published', id);
      if (!after.moves.some((move) => move.id === id)) tell('view.move_gone', id);
    }
  }
}

function spansOf(slots: readonly number[]): string {
  return toSlotSpans(slots)
    .map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`))
    .join(', ');
}

function kindOf(state: SlotState | undefined): SlotsChanged['to'] {
  return state?.kind ?? 'nothing';
}

function epochOf(state: SlotState | undefined): number | null {
  return state !== undefined && 'epoch' in state ? state.epoch : null;
}

function moveOf(state: SlotState | undefined): string | null {
  return state !== undefined && 'move' in state ? state.move : null;
}
