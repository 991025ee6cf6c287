/**
 * A mover's claim to fill slots at their destination: the fence record says `importing` with the move and an attempt that
 * only this claim has. Every write compares the record. When the outcome of a write is unknown, the claim is renewed, so that
 * the write cannot land after later ones.
 */
import type { RequestOp } from '../../sharder/core/etcd-messages.ts';
import type { Fence, FenceRecord, SlotState } from '../../sharder/core/fence.ts';
import type { MoveRecord } from '../../sharder/core/view.ts';
import { FencedWriter } from './records/fenced-writer.ts';
import type { MoverContext } from './mover-context.ts';
import { everySlot, withSlots } from './records/slot-states.ts';
import { RecordsChangedError, SupersededError } from './records/step-errors.ts';
import type { Revision, Slot } from '../../sharder/core/numbers.ts';

export class DestinationClaim {
  readonly writer: FencedWriter;
  private readonly context: MoverContext;
  private readonly move: MoveRecord;
  private attempt: Revision;
  /** Whether another claim came before: its mover may still be about to stop the slots. */
  readonly isTakeover: boolean;

  private constructor(context: MoverContext, move: MoveRecord, fence: Fence, before: Fence) {
    const { records, clock, limits } = context;
    this.context = context;
    this.move = move;
    this.attempt = before.modRevision;
    this.isTakeover = !everySlot(before.record, move.slots, (state) => state?.kind !== 'importing');
    this.writer = new FencedWriter(
      {
        records,
        clock,
        shard: move.to,
        fence,
        holds: (record) => everySlot(record, move.slots, (state) => this.isOurs(state)),
        renew: (current) => this.renew(current),
        retryPauseMs: limits.retryPauseMs,
      },
      limits.writeOperationsMax,
    );
  }

  /**
   * Claims the slots, even if another mover has. It reads the record before the view, and compares the record when it writes:
   * so the view had the move, without an abort, at a time when no mover had given up the claim in this record.
   * @throws RecordsChangedError, UnavailableError
   */
  static async take(context: MoverContext, move: MoveRecord, source: FenceRecord): Promise<DestinationClaim> {
    const { records } = context;
    for (const slot of move.slots) {
      const kind = source.slots[slot]?.kind;
      if (kind !== 'owned' && kind !== 'frozen')
        throw new RecordsChangedError(`the source of slot ${slot} is ${kind ?? 'nobody'}`);
    }
    const before = await records.readFence(move.to);
    const view = await records.readView();
    if (!view.moves.some(({ id, abort }) => id === move.id && !abort))
      throw new RecordsChangedError('the move is over, or to be undone');
    if (move.slots.some((slot) => before.record.slots[slot]?.kind === 'owned'))
      throw new RecordsChangedError('the destination owns the slots');
    const fence = await records.replaceFence(before, claimed(before, move));
    if (fence === null) throw new RecordsChangedError('the destination’s record has changed');
    return new DestinationClaim(context, move, fence, before);
  }

  /** Asks the destination whether the claim still stands. @throws SupersededError, UnavailableError */
  async verify(): Promise<void> {
    await this.writer.verify();
  }

  /**
   * The commit point: one transaction makes the last writes and changes the owner.
   * @param stateOf the slot's new state.
   */
  async activate(
    operations: readonly RequestOp[],
    stateOf: (slot: Slot) => SlotState | undefined,
  ): Promise<void> {
    const change = (record: FenceRecord) => withSlots(record, this.move.slots, (_, slot) => stateOf(slot));
    await this.writer.conclude(change, operations);
  }

  private async renew(before: Fence): Promise<Fence> {
    const { records } = this.context;
    const fence = await records.replaceFence(before, claimed(before, this.move));
    if (fence === null) throw new SupersededError('the claim has been replaced');
    this.attempt = before.modRevision;
    return fence;
  }

  private isOurs(state: SlotState | undefined): boolean {
    return state?.kind === 'importing' && state.move === this.move.id && state.attempt === this.attempt;
  }
}

function claimed(before: Fence, move: MoveRecord): FenceRecord {
  const importing: SlotState = { kind: 'importing', move: move.id, attempt: before.modRevision };
  return withSlots(before.record, move.slots, () => importing);
}
