/** Whether the watch of a source is alive and how quickly it tells, and whether the source and the destination answer. */
import { type Fence, fenceKey, type FenceRecord } from '../../sharder/core/fence.ts';
import { dataRangeOf } from '../../sharder/core/slot.ts';
import type { MoveRecord } from '../../sharder/core/view.ts';
import type { DestinationClaim } from './destination-claim.ts';
import { toBytes } from './source/marker.ts';
import type { MoverContext } from './mover-context.ts';
import { quickEnoughMs } from './records/mover-limits.ts';
import { describe } from './records/describe-outcome.ts';
import { withSlots } from './records/slot-states.ts';
import type { SourceTail } from './source/source-tail.ts';
import { RecordsChangedError } from './records/step-errors.ts';
import { UnavailableError } from './records/unavailable-error.ts';

/** A probe counts as quick when it takes at most so many times as long as the quickest. */
const nearlyAs = 1.5;

/** The source's record with the slots stopped. @throws RecordsChangedError when it does not own them. */
export function frozenBy(move: MoveRecord, source: Fence): FenceRecord {
  return withSlots(source.record, move.slots, (state) => {
    if (state?.kind !== 'owned') throw new RecordsChangedError('the source does not own the slots');
    return { ...state, kind: 'frozen', move: move.id, to: move.to };
  });
}

export class SourceProbe {
  private readonly context: MoverContext;
  private readonly move: MoveRecord;
  private readonly claim: DestinationClaim;
  private readonly tail: SourceTail;

  constructor(
    context: MoverContext,
    { move, claim, tail }: { move: MoveRecord; claim: DestinationClaim; tail: SourceTail },
  ) {
    this.context = context;
    this.move = move;
    this.claim = claim;
    this.tail = tail;
  }

  /**
   * Writes a probe key into the first slot of the source, and waits until the watch has brought it.
   * @param probes the number of this probe in its phase, from 1 on. @param source its record, read before; absent: read now.
   * @returns how many milliseconds the probe took, with the claim's own proof; null when it did not come in time.
   */
  async send(probes: number, source?: Fence): Promise<number | null> {
    const { move, claim, tail } = this;
    const { records, clock, limits } = this.context;
    const read = source ?? (await records.readFence(move.from));
    frozenBy(move, read);
    const probedAtMs = clock.nowMs();
    const text = `probe ${move.id} ${read.modRevision} ${tail.heardRevision} ${probes}`;
    // In this order: the probe key of a claim that has been given up would be left behind.
    await claim.verify();
    const isAlive = await this.write(read, text, quickEnoughMs(limits, probes));
    return isAlive ? clock.nowMs() - probedAtMs : null;
  }

  /** The slots stop for about as long as a probe takes: after a slow one a better moment may come. */
  judge(tookMs: number, probes: number): boolean {
    const { limits, quickestProbes } = this.context;
    const source = this.move.from;
    const quickestMs = quickestProbes.get(source) ?? Infinity;
    quickestProbes.set(source, Math.min(quickestMs, tookMs));
    if (probes > limits.freezeProbesPatient) return tookMs <= quickEnoughMs(limits, probes);
    return tookMs <= limits.freezeProbeMs || (quickestMs < Infinity && tookMs <= nearlyAs * quickestMs);
  }

  /** Writes a probe into the source and waits until the watch has brought it; false when it has not come in time. */
  private async write(source: Fence, text: string, msMax: number): Promise<boolean> {
    const { move, tail } = this;
    const { records, clock } = this.context;
    const untilMs = clock.nowMs() + msMax;
    const key = fenceKey(source.record);
    const outcome = await records.execute(
      move.from,
      {
        kind: 'txn',
        compare: [{ key, target: 'mod_revision', result: 'equal', operand: source.modRevision }],
        success: [{ kind: 'put', key: dataRangeOf(move.slots).key, value: toBytes(text) }],
        failure: [],
      },
      false,
    );
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'txn')
      throw new UnavailableError(move.from, `shard ${move.from}: ${describe(outcome)}`);
    if (!outcome.reply.succeeded) return false;
    while (!tail.hasSeenProbe(text)) {
      const leftMs = untilMs - clock.nowMs();
      if (leftMs <= 0) {
        await tail.reopen();
        return false;
      }
      await tail.next(leftMs);
    }
    return true;
  }
}
