/**
 * Drives one move to its end. It keeps no state that matters: each start reads the view and the two shards' fence records and
 * does what they ask for. So after any failure the move begins anew, here or in another process.
 *
 *     destination owns the slots            publish, clean, done: only forward from here
 *     the view asks for an abort            the destination gives up its claim, then the source takes the slots back
 *     otherwise                             claim, copy, tail, freeze, drain, activate
 *
 * Invariant: before a mover gives frozen slots back to the source, it makes sure that no earlier claim of the destination can
 * become ownership: the claim was replaced or given up, and the record that the claimant compares has changed with it.
 */
import type { RequestOp } from '../../sharder/core/etcd-messages.ts';
import type { Fence, FenceRecord, SlotState } from '../../sharder/core/fence.ts';
import { pause } from '../../sharder/core/pause.ts';
import { dataPrefix } from '../../sharder/core/slot.ts';
import type { MoveRecord, View } from '../../sharder/core/view.ts';
import { BlockWatch } from './block-watch.ts';
import { clearSlots } from './clear-slots.ts';
import { DestinationClaim } from './destination-claim.ts';
import { HandOver } from './hand-over.ts';
import type { MoveBlock, MovePhase, MoveProgress } from './plan/move-plan.ts';
import type { MoverContext, MoveSteps } from './mover-context.ts';
import { everySlot, withSlots } from './records/slot-states.ts';
import { FencedWriter } from './records/fenced-writer.ts';
import { RefusedError } from './plan/refused-error.ts';
import { type Setback, setbackOf } from './records/setback.ts';
import { RecordsChangedError } from './records/step-errors.ts';
import { withAbort } from './plan/view-changes.ts';

/** What the driver does after a step. */
type Next =
  /** Nothing: the move has left the view, or is done. */
  | { kind: 'over' }
  /** It reads the records again: the step has changed them. */
  | { kind: 'look_again' }
  /** It reads the records again after a rest: the step failed. */
  | { kind: 'begin_anew'; setback: Setback };

export class MoveDriver implements MoveSteps {
  readonly progress: MoveProgress;
  /** The destination owns the slots, and the view says so. */
  isHandedOver = false;
  private readonly context: MoverContext;
  private superseded = 0;
  private failures = 0;
  /** The view has been seen to ask for an abort. */
  private isAborting = false;
  /** Why the move is given up; null while it is not. */
  private failure: string | null = null;
  private readonly blocks: BlockWatch;

  constructor(context: MoverContext, { id, slots, from, to }: MoveRecord) {
    this.context = context;
    const startedMs = context.clock.nowMs();
    const counts = { keysCopied: 0, bytesCopied: 0, keysTotal: null };
    this.progress = { id, slots, from, to, phase: 'waiting', ...counts, startedMs, block: null, tries: 0 };
    this.blocks = new BlockWatch(this.progress);
  }

  /**
   * The shard that blocks the move, once other moves need not wait with it: the move has made no progress for long, or only
   * waits for this shard's answer.
   */
  get heldUpBy(): number | null {
    const { clock, limits, records } = this.context;
    const { block, from, to } = this.progress;
    if (block !== null && clock.nowMs() - block.sinceMs >= limits.blockedMs) return block.shard;
    return [from, to].find((shard) => records.silences.silentMs(shard) >= limits.silentMs) ?? null;
  }

  /** Makes a copy that is under way look at the view again. */
  noteAbort(): void {
    this.isAborting = true;
  }

  /** @throws RecordsChangedError when the work at hand has been asked to stop. */
  checkOn(): void {
    if (this.isAborting || this.context.isStopped()) throw new RecordsChangedError('the move is to stop');
  }

  enter(phase: MovePhase): void {
    this.progress.phase = phase;
    this.blocks.pass(phase);
    const { id, from, to } = this.progress;
    this.context.trace.emit({ name: `move.${phase}`, move: id, from, to });
  }

  wait(block: Pick<MoveBlock, 'shard' | 'reason'> | null): void {
    const { trace, clock } = this.context;
    const { id, block: before } = this.progress;
    if (block === null) {
      this.blocks.clear();
      trace.emit({ name: 'move.resumed', move: id });
      return;
    }
    if (before === null) trace.emit({ name: 'move.paused', move: id, ...block });
    this.blocks.note({ shard: block.shard, message: block.reason }, clock.nowMs());
  }

  /** Resolves when the move has left the view, or this process has been stopped. */
  async run(): Promise<void> {
    const { context } = this;
    while (!context.isStopped()) {
      let next: Next;
      try {
        next = await this.step();
      } catch (error) {
        next = { kind: 'begin_anew', setback: setbackOf(error) };
      }
      switch (next.kind) {
        case 'over':
          return;
        case 'look_again':
          this.failures = 0;
          this.blocks.clear();
          break;
        case 'begin_anew':
          this.note(next.setback);
          await this.rest(next.setback);
          break;
      }
    }
  }

  private note(setback: Setback): void {
    const { trace, clock } = this.context;
    trace.emit({ name: 'move.interrupted', move: this.progress.id, reason: setback.message });
    if ('shard' in setback) this.blocks.note(setback, clock.nowMs());
    if (setback.kind === 'try_failed') this.noteTry(setback);
  }

  /** Counts failed copies: a move does not repeat them for ever. */
  private noteTry({ why, shard, message }: Extract<Setback, { kind: 'try_failed' }>): void {
    const { records, trace, limits } = this.context;
    const { progress } = this;
    const isUnproven = why === 'unproven';
    trace.emit({ name: isUnproven ? 'move.unproven' : 'move.repeated', move: progress.id, reason: message });
    // Another member serves the next watch.
    if (isUnproven) records.avoidPreferred(shard);
    progress.tries++;
    // A move of fewer slots has less to list.
    const isTooLarge = why === 'oversized' && progress.slots.length > 1;
    if (progress.tries >= limits.triesMax || isTooLarge) this.failure = message;
  }

  /** The view asks for the move to be undone, with the reason, unless it is too late. */
  private async fail(reason: string): Promise<void> {
    const { records, trace } = this.context;
    const { id, slots, from, to, tries } = this.progress;
    this.failure = null;
    try {
      await records.updateView((view) => withAbort(view, id, reason));
      trace.emit({ name: 'move.failed', move: id, tries, reason });
      this.context.onFailed({ id, slots, from, to, reason });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
    }
  }

  private async step(): Promise<Next> {
    const { records } = this.context;
    const { id, from, to } = this.progress;
    const move = findMove(await records.readView(), id);
    if (move === null) return { kind: 'over' };
    if (this.failure !== null) {
      await this.fail(this.failure);
      return { kind: 'look_again' };
    }
    const destination = await records.readFence(to);
    if (everySlot(destination.record, move.slots, (state) => state?.kind === 'owned')) {
      await this.finish(move);
      return { kind: 'over' };
    }
    if (move.abort) {
      await this.rollBack(move);
      return { kind: 'over' };
    }
    await this.carryOver(move, await records.readFence(from));
    return { kind: 'look_again' };
  }

  /** Everything before the commit point. */
  private async carryOver(move: MoveRecord, source: Fence): Promise<void> {
    this.enter('import');
    const { records } = this.context;
    const claim = await records.alone(move.to, () =>
      DestinationClaim.take(this.context, move, source.record),
    );
    await records.alone(move.from, () => this.unfreeze(move, claim));
    await new HandOver(this.context, this, move, claim).run();
  }

  /**
   * Slots that an earlier mover stopped go back to the source while they are copied once more. The source's record is written
   * anew even when no slot is stopped, since a freeze may be on its way. The source is read first, then the claim is verified:
   * a mover that stopped the slots before that had an earlier claim, and that claim can no longer become ownership.
   */
  private async unfreeze(move: MoveRecord, claim: DestinationClaim): Promise<void> {
    const { records } = this.context;
    const source = await records.readFence(move.from);
    const isFrozen = move.slots.some((slot) => isFrozenBy(move, source.record.slots[slot]));
    if (!isFrozen && !claim.isTakeover) return;
    this.enter('rollback');
    await claim.verify();
    await this.takeBack(move, source);
  }

  private async rollBack(move: MoveRecord): Promise<void> {
    const { records, trace } = this.context;
    this.enter('rollback');
    const source = await records.readFence(move.from);
    // Written even when nothing is claimed: a claim that is on its way compares this record, and must fail.
    await records.alone(move.to, () => this.giveUp(move, source.record));
    await records.alone(move.from, async () => this.takeBack(move, await records.readFence(move.from)));
    await clearSlots(this.context, move.slots, this.writerOf(await records.readFence(move.to), move));
    await records.updateView((view) => withoutMove(view, move.id));
    trace.emit({ name: 'move.aborted', move: move.id, slots: move.slots.length });
  }

  private async giveUp(move: MoveRecord, source: FenceRecord): Promise<void> {
    const destination = await this.context.records.readFence(move.to);
    const record = withSlots(destination.record, move.slots, (state, slot) => {
      if (state?.kind === 'owned') throw new RecordsChangedError('the destination owns the slots');
      const epoch = epochOf(source.slots[slot]);
      return state?.kind === 'importing' ? { kind: 'moved', epoch, to: move.from } : state;
    });
    await this.replace(destination, record);
  }

  /** The source owns the slots at a higher epoch. Written even when none is frozen: a freeze may be on its way. */
  private async takeBack(move: MoveRecord, source: Fence): Promise<void> {
    const markers = move.slots.map((slot): RequestOp => ({ kind: 'delete_range', key: dataPrefix(slot) }));
    const record = withSlots(source.record, move.slots, (state) => {
      // Another mover has undone this move meanwhile, and the next move has the slot.
      if (state?.kind !== 'owned' && !isFrozenBy(move, state))
        throw new RecordsChangedError(`the source has a slot that is ${state?.kind ?? 'nobody’s'}`);
      const { epoch, versionOffset } = state as SlotState & { kind: 'owned' };
      return { kind: 'owned', epoch: epoch + 1, versionOffset };
    });
    await this.replace(source, record, markers);
  }

  /** Everything after the commit point; two movers may do it at the same time, and any number of times. */
  private async finish(move: MoveRecord): Promise<void> {
    const { records, trace } = this.context;
    this.enter('publish');
    await records.updateView((view) => published(view, move));
    this.isHandedOver = true;
    this.context.onHandedOver();
    this.enter('clean');
    await records.alone(move.from, () => this.leaveTombstones(move));
    await clearSlots(this.context, move.slots, this.writerOf(await records.readFence(move.from), move));
    await records.updateView((view) => withoutMove(view, move.id));
    trace.emit({ name: 'move.done', move: move.id, slots: move.slots.length, from: move.from, to: move.to });
  }

  private async leaveTombstones(move: MoveRecord): Promise<void> {
    const source = await this.context.records.readFence(move.from);
    if (everySlot(source.record, move.slots, (state) => !isFrozenBy(move, state))) return;
    const record = withSlots(source.record, move.slots, (state) =>
      isFrozenBy(move, state) ? { kind: 'moved', epoch: state.epoch + 1, to: move.to } : state,
    );
    await this.replace(source, record);
  }

  /** Writes to slots that the shard neither owns nor claims. */
  private writerOf(fence: Fence, move: MoveRecord): FencedWriter {
    const { records, clock, limits } = this.context;
    const isNobodys = (state: SlotState | undefined) => state === undefined || state.kind === 'moved';
    const holds = (record: FenceRecord) => everySlot(record, move.slots, isNobodys);
    if (!holds(fence.record)) throw new RecordsChangedError('the slots are somebody’s');
    const shard = fence.record.shard;
    const { writeOperationsMax, retryPauseMs } = limits;
    return new FencedWriter(
      { records, clock, shard, fence, holds, renew: null, retryPauseMs },
      writeOperationsMax,
    );
  }

  private async replace(before: Fence, record: FenceRecord, more: readonly RequestOp[] = []): Promise<void> {
    if ((await this.context.records.replaceFence(before, record, more)) === null)
      throw new RecordsChangedError(`the record of shard ${record.shard} has changed`);
  }

  /** Rests longer with each failure in a row, and much longer after another mover has taken over. */
  private async rest(setback: Setback): Promise<void> {
    const { clock, random, limits } = this.context;
    this.isAborting = false;
    if (setback.kind === 'changed' && this.failures === 0) {
      this.failures = 1;
      return;
    }
    const isSuperseded = setback.kind === 'superseded';
    const times = Math.min(isSuperseded ? this.superseded++ : this.failures++, 16);
    const [least, most] = isSuperseded
      ? [limits.supersededPauseMs, limits.supersededPauseMsMax]
      : [limits.retryPauseMs, limits.retryPauseMsMax];
    const boundMs = Math.min(least * 2 ** times, most);
    await pause(clock, (boundMs * (1 + random.nextUint32() / 2 ** 32)) / 2);
  }
}

function findMove(view: View, id: string): MoveRecord | null {
  return view.moves.find((move) => move.id === id) ?? null;
}

function isFrozenBy(
  move: MoveRecord,
  state: SlotState | undefined,
): state is Extract<SlotState, { kind: 'frozen' }> {
  return state?.kind === 'frozen' && state.move === move.id;
}

function epochOf(state: SlotState | undefined): number {
  return state !== undefined && 'epoch' in state ? state.epoch : 0;
}

function withoutMove(view: View, id: string): View | null {
  if (findMove(view, id) === null) return null;
  return { ...view, moves: view.moves.filter((move) => move.id !== id) };
}

function published(view: View, move: MoveRecord): View | null {
  if (findMove(view, move.id) === null) throw new RecordsChangedError('the move is over');
  if (move.slots.every((slot) => view.slots[slot] === move.to)) return null;
  const slots = [...view.slots];
  for (const slot of move.slots) slots[slot] = move.to;
  return { ...view, slots };
}
