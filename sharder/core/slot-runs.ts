/** Run-length coding of per-slot tables for the records in etcd: [first slot, last slot, value], ascending. */
import { SLOT_COUNT } from './slot.ts';

/** Copied for each table: far quicker than a new one, and records are read all the time while slots move. */
const noSlots: readonly undefined[] = Array.from({ length: SLOT_COUNT }, () => undefined);

export type SlotRun<Value> = [first: number, last: number, value: Value];

/** Neighbouring slots with values of one and the same JSON text become one run; undefined slots are left out. */
export function toSlotRuns<Value>(table: readonly (Value | undefined)[]): SlotRun<Value>[] {
  const runs: SlotRun<Value>[] = [];
  let run: SlotRun<Value> | undefined;
  let lastText = '';
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    const value = table[slot];
    if (value === undefined) continue;
    // Neighbours mostly share one object.
    if (run !== undefined && value === run[2] && run[1] === slot - 1) {
      run[1] = slot;
      continue;
    }
    const text = value === run?.[2] ? lastText : JSON.stringify(value);
    if (run && run[1] === slot - 1 && lastText === text) run[1] = slot;
    else runs.push((run = [slot, slot, value]));
    lastText = text;
  }
  return runs;
}

/**
 * The inverse of `toSlotRuns`; slots in no run stay undefined.
 * @throws Error when a run is malformed, out of range or overlaps another.
 */
export function fromSlotRuns<Value>(
  runs: unknown,
  parseValue: (raw: unknown) => Value,
): (Value | undefined)[] {
  if (!Array.isArray(runs)) throw new Error('slots must be a list of runs');
  const table: (Value | undefined)[] = noSlots.slice();
  let next = 0;
  for (const run of runs as unknown[]) {
    if (!Array.isArray(run) || run.length !== 3) throw new Error('a run is [first, last, value]');
    const [first, last, raw] = run as [unknown, unknown, unknown];
    if (!isSlot(first) || !isSlot(last) || first < next || last < first)
      throw new Error(`bad run ${String(first)}-${String(last)}`);
    table.fill(parseValue(raw), first, last + 1);
    next = last + 1;
  }
  return table;
}

/** Ascending slots as [first, last] of each run of neighbours. */
export function toSlotSpans(slots: readonly number[]): [first: number, last: number][] {
  const spans: [number, number][] = [];
  for (const slot of slots) {
    const span = spans.at(-1);
    if (span && span[1] === slot - 1) span[1] = slot;
    else spans.push([slot, slot]);
  }
  return spans;
}

/** The inverse of `toSlotSpans`. @throws Error when a span is malformed, out of range or out of order. */
export function fromSlotSpans(spans: unknown): number[] {
  if (!Array.isArray(spans)) throw new Error('slots must be a list of spans');
  const slots: number[] = [];
  for (const span of spans as unknown[]) {
    const [first, last] = Array.isArray(span) ? (span as unknown[]) : [];
    if (!isSlot(first) || !isSlot(last) || first <= (slots.at(-1) ?? -1) || last < first)
      throw new Error(`bad span ${String(first)}-${String(last)}`);
    for (let slot = first; slot <= last; slot++) slots.push(slot);
  }
  return slots;
}

function isSlot(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < SLOT_COUNT;
}
