/** Slots as people write them: "5", "0-99", "0-9,20,30-39". */
import { SLOT_COUNT } from '../../sharder/core/slot.ts';
import { UsageError } from '../errors.ts';

/** Ascending, each once. @throws UsageError */
export function parseSlotList(text: string): number[] {
  const slots = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    const first = Number(match?.[1] ?? -1);
    const last = Number(match?.[2] ?? first);
    if (match === null || first > last || last >= SLOT_COUNT)
      throw new UsageError(
        `slots must be such as 5 or 0-99 or 0-9,20, from 0 to ${SLOT_COUNT - 1}, not ${JSON.stringify(text.slice(0, 80))}`,
      );
    for (let slot = first; slot <= last; slot++) slots.add(slot);
  }
  return [...slots].toSorted((a, b) => a - b);
}

/** Writes slots in the form that `parseSlotList` reads. */
export function describeSlots(slots: readonly number[]): string {
  const spans: [number, number][] = [];
  for (const slot of slots) {
    const open = spans.at(-1);
    if (open !== undefined && open[1] === slot - 1) open[1] = slot;
    else spans.push([slot, slot]);
  }
  return spans.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}
