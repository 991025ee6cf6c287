/**
 * The proof that a destination has what its source has. etcd's watch has lost, repeated and reordered events in releases that
 * people run, so what it has said since the copy is compared with the answers of ranges, before the destination owns the slots.
 * A range returns every changed key with its revision, and the number of keys, so no lost event stays unseen.
 */
import type { KeyValue } from '../../sharder/core/etcd-messages.ts';
import { pause } from '../../sharder/core/pause.ts';
import { dataPrefix, dataRangeEnd } from '../../sharder/core/slot.ts';
import { toSlotSpans } from '../../sharder/core/slot-runs.ts';
import { pagesOf } from './source/copy-slots.ts';
import type { MoverContext } from './mover-context.ts';
import { describe } from './records/describe-outcome.ts';
import type { SourceTail } from './source/source-tail.ts';
import { CompactedError, OversizedError, UnprovenError } from './records/step-errors.ts';
import type { Asked } from './source/tail-record.ts';
import { UnavailableError } from './records/unavailable-error.ts';
import type { Revision, ShardId } from '../../sharder/core/numbers.ts';

interface ProvenSlots {
  shard: ShardId;
  /** Ascending. */
  slots: readonly number[];
}

export class TailProof {
  private readonly context: MoverContext;
  private readonly proven: ProvenSlots;
  private readonly tail: SourceTail;

  constructor(context: MoverContext, proven: ProvenSlots, tail: SourceTail) {
    this.context = context;
    this.proven = proven;
    this.tail = tail;
  }

  /**
   * A rehearsal while users write: it proves all that the watch has said so far, once the watch has said all that was copied.
   * Proven changes need not be listed again.
   * @returns how many milliseconds the source takes: about as long as it will while the slots are stopped.
   * @throws UnprovenError, CompactedError, UnavailableError
   */
  async rehearse(): Promise<number> {
    const { context, proven, tail } = this;
    const { clock } = context;
    const { markers } = tail;
    const { base } = tail.record;
    const revision = tail.heardRevision;
    tail.record.askAt(revision);
    const startedMs = clock.nowMs();
    const { changed, count } = await ask(context, proven, { base, revision });
    const tookMs = clock.nowMs() - startedMs;
    this.refuse(tail.record.settle({ changed, count: count - markers }));
    return tookMs;
  }

  /**
   * The proof itself, of stopped slots: only a mover that gives them back to the source still writes to them.
   * @returns what the source says; `conclude` compares it once the watch has said everything.
   */
  async askStopped(base: number): Promise<Asked> {
    const { changed, count } = await ask(this.context, this.proven, { base, revision: 0 });
    // Each stopped slot has its marker.
    return { changed, count: count - this.proven.slots.length };
  }

  /** @throws UnprovenError when the watch has said something else; OversizedError when the source is not done in time. */
  async conclude(asked: Promise<Asked>, leftMs: number): Promise<void> {
    const { context, tail } = this;
    const said = await Promise.race([asked, pause(context.clock, Math.max(0, leftMs)).then(() => null)]);
    if (said === null) throw this.tooLong();
    this.refuse(tail.record.differenceTo(said));
  }

  tooLong(): OversizedError {
    const { shard, slots } = this.proven;
    const what = slots.length === 1 ? `slot ${slots[0]}` : `the ${slots.length} slots`;
    return new OversizedError(shard, `shard ${shard} takes too long to list ${what} while they are stopped`);
  }

  private refuse(difference: string | null): void {
    const { shard } = this.proven;
    if (difference !== null)
      throw new UnprovenError(
        shard,
        `the watch of shard ${shard} does not tell what it holds: ${difference}`,
      );
  }
}

/** @param revision 0: now. The count includes markers, where there are any. */
async function ask(
  context: MoverContext,
  { shard, slots }: ProvenSlots,
  { base, revision }: { base: number; revision: Revision },
): Promise<Asked> {
  const [changed, counts] = await Promise.all([
    askChanged(context, { shard, slots }, { base, revision }),
    Promise.all(
      toSlotSpans(slots).map(([first, last]) =>
        countOf(context, shard, { key: dataPrefix(first), rangeEnd: dataRangeEnd(last), revision }),
      ),
    ),
  ]);
  return { changed, count: counts.reduce((sum, count) => sum + count, 0) };
}

/** The existing keys that have changed after `base`, markers among them. */
async function askChanged(
  { records, limits }: MoverContext,
  { shard, slots }: ProvenSlots,
  { base, revision }: { base: number; revision: Revision },
): Promise<KeyValue[]> {
  const changed: KeyValue[] = [];
  const range = { keysOnly: true, minModRevision: base + 1, revision };
  // For each page etcd looks at all keys that are left: the fewer pages, the better.
  const keysMax = limits.listedKeysMax;
  for await (const { kvs } of pagesOf(records, limits, { shard, slots, keysMax, range }))
    changed.push(...kvs);
  return changed;
}

async function countOf(
  { records }: MoverContext,
  shard: ShardId,
  range: { key: string; rangeEnd: string; revision: Revision },
): Promise<number> {
  const outcome = await records.read(shard, { kind: 'range', ...range, countOnly: true });
  if (outcome.kind === 'reply' && outcome.reply.kind === 'range') return outcome.reply.count;
  if (outcome.kind === 'refused' && outcome.code === 'compacted')
    throw new CompactedError(shard, `shard ${shard} has forgotten revision ${range.revision}`);
  throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);
}
