/** Deletes everything that slots hold, markers too, in chunks: one deletion of a whole slot would stop the shard for a while. */
import { dataPrefix, dataRangeEnd } from '../../sharder/core/slot.ts';
import { toSlotSpans } from '../../sharder/core/slot-runs.ts';
import type { FencedWriter } from './records/fenced-writer.ts';
import type { MoverContext } from './mover-context.ts';

/** @throws SupersededError when the slots are somebody else's meanwhile. @throws UnavailableError */
export async function clearSlots(
  { records, clock, limits, freezes }: MoverContext,
  slots: readonly number[],
  writer: FencedWriter,
): Promise<void> {
  const shard = writer.current.record.shard;
  for (const [first, last] of toSlotSpans(slots)) {
    const key = dataPrefix(first);
    const rangeEnd = dataRangeEnd(last);
    for (;;) {
      const limit = limits.clearKeysMax;
      const outcome = await records.read(shard, { kind: 'range', key, rangeEnd, limit, keysOnly: true });
      const reply = records.demand(shard, outcome, 'range');
      const lastKey = reply.kvs.at(-1)?.key;
      if (lastKey === undefined) break;
      await freezes.whenEmpty(clock, limits.yieldMsMax);
      await writer.write([{ kind: 'delete_range', key, rangeEnd: `${lastKey}\0` }]);
    }
  }
}
