/**
 * Reads slots in pages, in the order of their keys. A page is bounded by keys, and by bytes as guessed from the page before.
 */
import type { KeyValue, RangeReply, RangeRequest } from '../../../sharder/core/etcd-messages.ts';
import { revisionOf } from '../../../sharder/core/reply-revision.ts';
import { dataPrefix, dataRangeEnd } from '../../../sharder/core/slot.ts';
import { toSlotSpans } from '../../../sharder/core/slot-runs.ts';
import type { MoverLimits } from '../records/mover-limits.ts';
import { describe } from '../records/describe-outcome.ts';
import { type RecordsClient } from '../records/records-client.ts';
import { CompactedError, UnprovenError } from '../records/step-errors.ts';
import { UnavailableError } from '../records/unavailable-error.ts';
import type { Revision, ShardId, Slot } from '../../../sharder/core/numbers.ts';

export interface Page {
  revision: Revision;
  kvs: readonly KeyValue[];
  /** The first key behind it. */
  end: string;
  /** Keys of this page's run of slots from this page on. */
  keysLeft: number;
}

interface PagesOptions {
  shard: ShardId;
  /** Ascending. */
  slots: readonly Slot[];
  /** Keys of a page at most. */
  keysMax: number;
  /** `revision` 0: each page is read at the newest revision of its moment. */
  range: Pick<RangeRequest, 'keysOnly' | 'minModRevision'> & { revision: Revision };
}

/**
 * Copies slots; each page is read at its own moment, since etcd may forget the first page's revision before the last is read.
 * @throws UnprovenError when a page is older than the one before it. @throws UnavailableError
 */
export async function* copyPages(
  records: RecordsClient,
  limits: MoverLimits,
  { shard, slots }: { shard: ShardId; slots: readonly Slot[] },
): AsyncGenerator<Page> {
  let newest = 0;
  const range = { revision: 0 };
  const pages = pagesOf(records, limits, { shard, slots, keysMax: limits.pageKeysMax, range });
  for await (const page of oneAhead(pages)) {
    if (page.revision < newest)
      throw new UnprovenError(shard, `shard ${shard} answers from before revision ${newest}`);
    newest = page.revision;
    yield page;
  }
}

/** Reads the next page while one is written: one more page is held in memory. */
async function* oneAhead<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  for (let next = items.next(); ;) {
    const { value, done } = await next;
    if (done === true) return;
    next = items.next();
    // A caller that does not take this page has another error to throw.
    next.catch(() => undefined);
    yield value;
  }
}

/** @throws CompactedError when the revision is forgotten. @throws UnavailableError */
export async function* pagesOf(
  records: RecordsClient,
  limits: MoverLimits,
  { shard, slots, keysMax, range }: PagesOptions,
): AsyncGenerator<Page> {
  let limit = keysMax;
  for (const [first, last] of toSlotSpans(slots)) {
    const rangeEnd = dataRangeEnd(last);
    for (let key = dataPrefix(first); key !== rangeEnd;) {
      const reply = await readPage(records, shard, { kind: 'range', key, rangeEnd, limit, ...range });
      if (reply === null) {
        if (limit === 1)
          throw new UnavailableError(shard, `one key of shard ${shard} is too large to be received`);
        limit = Math.max(1, Math.floor(limit / 4));
        continue;
      }
      const lastKey = reply.kvs.at(-1)?.key;
      key = reply.more && lastKey !== undefined ? `${lastKey}\0` : rangeEnd;
      yield { revision: revisionOf(reply), kvs: reply.kvs, end: key, keysLeft: reply.count };
      limit = nextLimit(reply.kvs, keysMax, limits);
    }
  }
}

/** Null when the page was too large to be received. */
async function readPage(
  records: RecordsClient,
  shard: ShardId,
  request: RangeRequest,
): Promise<RangeReply | null> {
  const outcome = await records.read(shard, request);
  if (outcome.kind === 'reply' && outcome.reply.kind === 'range') return outcome.reply;
  if (outcome.kind === 'reply_too_large') return null;
  if (outcome.kind === 'refused' && outcome.code === 'compacted')
    throw new CompactedError(shard, `shard ${shard} has forgotten revision ${request.revision}`);
  throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);
}

function nextLimit(kvs: readonly KeyValue[], keysMax: number, limits: MoverLimits): number {
  const bytes = kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 1);
  const fitting = Math.floor((limits.pageBytesTarget * Math.max(kvs.length, 1)) / bytes);
  return Math.max(1, Math.min(keysMax, fitting));
}
