/** Returns a fence record with other states for some slots: pure; the record's epoch is at least theirs. */
import type { FenceRecord, SlotState } from '../../../sharder/core/fence.ts';
import type { Slot } from '../../../sharder/core/numbers.ts';

/** @param change gets a slot's state and its number; returns the new state. */
export function withSlots(
  record: FenceRecord,
  slots: readonly number[],
  change: (state: SlotState | undefined, slot: Slot) => SlotState | undefined,
): FenceRecord {
  const states = [...record.slots];
  let { epoch } = record;
  for (const slot of slots) {
    const state = change(states[slot], slot);
    states[slot] = state;
    if (state !== undefined && 'epoch' in state) epoch = Math.max(epoch, state.epoch);
  }
  return { ...record, epoch, slots: states };
}

export function everySlot(
  record: FenceRecord,
  slots: readonly number[],
  test: (state: SlotState | undefined) => boolean,
): boolean {
  return slots.every((slot) => test(record.slots[slot]));
}
