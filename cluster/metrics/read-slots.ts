/** The operations of each slot, as sharders count them: at `/slots` beside their metrics. */
import { SLOT_COUNT } from '../../sharder/core/slot.ts';
import { readText } from './read-text.ts';

const readMsMax = 2000;
const bytesMax = 64 * 1024;

export type SlotCounts = readonly number[];

/** The counts by URL of the sharders' metrics, for the sharders that answered in time with a count of every slot. */
export async function readSlots(metricsUrls: readonly string[]): Promise<Map<string, SlotCounts>> {
  const counts = await Promise.all(metricsUrls.map(readOne));
  return new Map(
    metricsUrls.flatMap((url, index) => {
      const found = counts[index];
      return found ? [[url, found] as const] : [];
    }),
  );
}

/** Operations by slot from one reading to the next, over all sharders that answered both; a restarted process counts from 0. */
export function slotsBetween(
  before: ReadonlyMap<string, SlotCounts>,
  after: ReadonlyMap<string, SlotCounts>,
): number[] {
  const sums = Array.from({ length: SLOT_COUNT }, () => 0);
  for (const [url, last] of after) {
    const first = before.get(url);
    if (first === undefined) continue;
    const isNew = last.some((count, slot) => count < (first[slot] ?? 0));
    for (const [slot, count] of last.entries())
      sums[slot] = (sums[slot] ?? 0) + count - (isNew ? 0 : (first[slot] ?? 0));
  }
  return sums;
}

async function readOne(metricsUrl: string): Promise<SlotCounts | null> {
  const text = await readText(new URL('/slots', metricsUrl), { readMsMax, bytesMax });
  if (text === null) return null;
  try {
    const { operations } = JSON.parse(text) as { operations?: unknown };
    return isCounts(operations) ? operations : null;
  } catch {
    // An earlier version's answer: nothing is known of its slots.
    return null;
  }
}

function isCounts(value: unknown): value is SlotCounts {
  return Array.isArray(value) && value.length === SLOT_COUNT && value.every((count) => count >= 0);
}
