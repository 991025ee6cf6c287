/**
 * The proof that a destination has what its source has: etcd's watch has lost, repeated and reordered events in releases that
 * people run, so what it has said since the copy is compared with what ranges say, before the destination owns the slots.
 */
import type { KeyValue } from '../../../sharder/core/etcd-messages.ts';
import { pause } from '../../../sharder/core/pause.ts';
import { dataPrefix, dataRangeEnd } from '../../../sharder/core/slot.ts';
import { toSlotSpans } from '../../../sharder/core/slot-runs.ts';
import type { MoverContext } from './mover-context.ts';
import { describe } from './records-client.ts';
import type { SourceTail } from './source-tail.ts';
import { CompactedError, UnprovenError } from './step-errors.ts';
import type { Asked } from './tail-record.ts';
import { UnavailableError } from './unavailable-error.ts';

/** Keys of one answer: with the longest keys still less than what is received at once. */
const pageKeysMax = 2000;

export interface ProvenSlots {
  shard: number;
  /** Ascending. */
  slots: readonly number[];
}

/**
 * A rehearsal while users write: finds most of what is wrong before any slot is stopped, and how long the source takes.
 * @returns whether that is short enough to be done again while the slots are stopped.
 * @throws UnprovenError, CompactedError, UnavailableError
 */
export async function rehearseProof(
  context: MoverContext,
  proven: ProvenSlots,
  tail: SourceTail,
): Promise<boolean> {
  const { clock, limits } = context;
  const upTo = tail.heardRevision;
  const startedMs = clock.nowMs();
  const changed = await askChanged(context, proven, tail.record.base, upTo);
  const tookMs = clock.nowMs() - startedMs;
  compare(tail, proven, { changed, count: null }, upTo);
  return tookMs <= limits.proofMsMax;
}

/**
 * The proof itself, of slots that have stopped: nothing is written to them any more but by whoever lets them go back.
 * @param byKeys false: the keys are counted only, since to list those that have changed takes too long.
 * @returns what the source says; `concludeProof` compares it once the watch has said everything.
 */
export async function askStopped(
  context: MoverContext,
  { shard, slots }: ProvenSlots,
  { base, byKeys }: { base: number; byKeys: boolean },
): Promise<Asked> {
  const [changed, counts] = await Promise.all([
    byKeys ? askChanged(context, { shard, slots }, base, 0) : null,
    Promise.all(
      toSlotSpans(slots).map(([first, last]) =>
        ask(context, shard, { key: dataPrefix(first), rangeEnd: dataRangeEnd(last), countOnly: true }),
      ),
    ),
  ]);
  // Each slot that has stopped has its marker.
  return { changed, count: counts.reduce((sum, { count }) => sum + count, -slots.length) };
}

/** @throws UnprovenError when the watch has said something else; UnavailableError when the source is not done in time. */
export async function concludeProof(
  { clock }: MoverContext,
  { proven, asked, leftMs }: { proven: ProvenSlots; asked: Promise<Asked>; leftMs: number },
  tail: SourceTail,
): Promise<void> {
  const said = await Promise.race([asked, pause(clock, Math.max(0, leftMs)).then(() => null)]);
  if (said === null) throw new UnavailableError(proven.shard, 'the proof of the slots does not come in time');
  compare(tail, proven, said, Infinity);
}

function compare(tail: SourceTail, { shard }: ProvenSlots, asked: Asked, upTo: number): void {
  const difference = tail.record.differenceTo(asked, upTo);
  if (difference !== null)
    throw new UnprovenError(shard, `the watch of shard ${shard} does not tell what it holds: ${difference}`);
}

/** The keys that are there and have changed after `base`, markers among them. @param revision 0: now. */
async function askChanged(
  context: MoverContext,
  { shard, slots }: ProvenSlots,
  base: number,
  revision: number,
): Promise<KeyValue[]> {
  const changed: KeyValue[] = [];
  for (const [first, last] of toSlotSpans(slots)) {
    let key = dataPrefix(first);
    for (let more = true; more;) {
      const reply = await ask(context, shard, {
        key,
        rangeEnd: dataRangeEnd(last),
        minModRevision: base + 1,
        keysOnly: true,
        limit: pageKeysMax,
        revision,
      });
      changed.push(...reply.kvs);
      more = reply.more && reply.kvs.length > 0;
      if (more) key = `${reply.kvs.at(-1)!.key}\0`;
    }
  }
  return changed;
}

async function ask(
  { records }: MoverContext,
  shard: number,
  range: Omit<Parameters<MoverContext['records']['read']>[1], 'kind'>,
) {
  const outcome = await records.read(shard, { kind: 'range', ...range });
  if (outcome.kind === 'reply' && outcome.reply.kind === 'range') return outcome.reply;
  if (outcome.kind === 'refused' && outcome.code === 'compacted')
    throw new CompactedError(`shard ${shard} has forgotten revision ${range.revision}`);
  throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);
}
