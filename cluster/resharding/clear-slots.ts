/**
 * Deletes all keys of slots, markers too, in chunks: one deletion of a whole slot would stop the shard for a while.
 * It lists the next chunk while it deletes others, and ends when a look from the start finds nothing.
 */
import { dataPrefix, dataRangeEnd } from '../../sharder/core/slot.ts';
import { toSlotSpans } from '../../sharder/core/slot-runs.ts';
import type { FencedWriter } from './records/fenced-writer.ts';
import type { MoverContext } from './mover-context.ts';
import { WriteWindow } from './write-window.ts';
import type { ShardId } from '../../sharder/core/numbers.ts';

type ClearingContext = Pick<MoverContext, 'records' | 'clock' | 'limits' | 'freezes'>;

interface Range {
  key: string;
  rangeEnd: string;
}

/** @throws SupersededError when the fence record no longer allows it. @throws UnavailableError */
export async function clearSlots(
  context: ClearingContext,
  slots: readonly number[],
  writer: FencedWriter,
): Promise<void> {
  for (const [first, last] of toSlotSpans(slots)) {
    const range = { key: dataPrefix(first), rangeEnd: dataRangeEnd(last) };
    while (await clearOnce(context, range, writer));
  }
}

/** Deletes what is there; false when there was nothing. */
async function clearOnce(context: ClearingContext, range: Range, writer: FencedWriter): Promise<boolean> {
  const { clock, limits, freezes } = context;
  const window = new WriteWindow(limits.clearsInFlightMax);
  let { key } = range;
  try {
    for (let more = true; more;) {
      const chunks = await listChunks(context, writer.current.record.shard, { ...range, key });
      ({ more } = chunks);
      for (const end of chunks.ends) {
        const deletion = { kind: 'delete_range', key, rangeEnd: end } as const;
        key = end;
        await freezes.whenEmpty(clock, limits.yieldMsMax);
        await window.start(() => writer.write([deletion]));
      }
    }
  } finally {
    await window.settled();
  }
  window.check();
  return key !== range.key;
}

/** The end keys of the next chunks: as many chunks as may be deleted at the same time. @throws UnavailableError */
async function listChunks(
  { records, limits: { clearKeysMax, clearsInFlightMax } }: ClearingContext,
  shard: ShardId,
  range: Range,
): Promise<{ ends: string[]; more: boolean }> {
  const limit = clearKeysMax * clearsInFlightMax;
  const outcome = await records.read(shard, { kind: 'range', ...range, limit, keysOnly: true });
  const { kvs, more } = records.demand(shard, outcome, 'range');
  const lasts = kvs.filter(
    (_, index) => index % clearKeysMax === clearKeysMax - 1 || index === kvs.length - 1,
  );
  return { ends: lasts.map(({ key }) => `${key}\0`), more };
}
