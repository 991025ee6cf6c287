/**
 * The pages of a copy: everything that slots hold at one revision of their source, read once and in order. Pages are bounded
 * by keys, and by bytes as far as the page before lets one guess.
 */
import type { KeyValue, RangeReply, RangeRequest } from '../../../sharder/core/etcd-messages.ts';
import { dataPrefix, dataRangeEnd } from '../../../sharder/core/slot.ts';
import { toSlotSpans } from '../../../sharder/core/slot-runs.ts';
import type { MoverLimits } from './mover-limits.ts';
import { describe, type RecordsClient } from './records-client.ts';
import { CompactedError } from './step-errors.ts';
import { UnavailableError } from './unavailable-error.ts';

export interface Page {
  /** The same for all pages. */
  revision: number;
  kvs: readonly KeyValue[];
  /** Keys of this page's run of slots from this page on. */
  keysLeft: number;
}

/** @throws CompactedError when the revision is forgotten before all is read. @throws UnavailableError */
export async function* copyPages(
  records: RecordsClient,
  limits: MoverLimits,
  { shard, slots }: { shard: number; slots: readonly number[] },
): AsyncGenerator<Page> {
  let revision = 0;
  let limit = limits.pageKeysMax;
  for (const [first, last] of toSlotSpans(slots)) {
    let key = dataPrefix(first);
    const rangeEnd = dataRangeEnd(last);
    for (let more = true; more;) {
      const reply = await readPage(records, shard, { kind: 'range', key, rangeEnd, limit, revision });
      if (reply === null) {
        if (limit === 1)
          throw new UnavailableError(shard, `one key of shard ${shard} is too large to be received`);
        limit = Math.max(1, Math.floor(limit / 4));
        continue;
      }
      if (revision === 0) revision = reply.header!.revision;
      yield { revision, kvs: reply.kvs, keysLeft: reply.count };
      more = reply.more;
      const lastKey = reply.kvs.at(-1)?.key;
      if (lastKey !== undefined) key = `${lastKey}\0`;
      limit = nextLimit(reply.kvs, limits);
    }
  }
}

/** Null when the page was too large to be received. */
async function readPage(
  records: RecordsClient,
  shard: number,
  request: RangeRequest,
): Promise<RangeReply | null> {
  const outcome = await records.read(shard, request);
  if (outcome.kind === 'reply' && outcome.reply.kind === 'range') return outcome.reply;
  if (outcome.kind === 'reply_too_large') return null;
  if (outcome.kind === 'refused' && outcome.code === 'compacted')
    throw new CompactedError(`shard ${shard} has forgotten revision ${request.revision}`);
  throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);
}

function nextLimit(kvs: readonly KeyValue[], limits: MoverLimits): number {
  const bytes = kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 1);
  const fitting = Math.floor((limits.pageBytesTarget * Math.max(kvs.length, 1)) / bytes);
  return Math.max(1, Math.min(limits.pageKeysMax, fitting));
}
