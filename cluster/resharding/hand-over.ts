/**
 * The phases of a move under one claim of the destination: clear, copy page by page, tail, stop the slots, drain, activate.
 * The slots are stopped for two round trips: the freeze, and the activation with the last writes in it.
 */
import type { RequestOp } from '../../sharder/core/etcd-messages.ts';
import type { FenceRecord, SlotState } from '../../sharder/core/fence.ts';
import { pause } from '../../sharder/core/pause.ts';
import { dataPrefix } from '../../sharder/core/slot.ts';
import type { MoveRecord } from '../../sharder/core/view.ts';
import { awaitRoom } from './await-room.ts';
import { clearSlots } from './clear-slots.ts';
import { copyPages } from './source/copy-slots.ts';
import type { DestinationClaim } from './destination-claim.ts';
import { frozenMarker, isMarker } from './source/marker.ts';
import type { MoverContext, MoveSteps } from './mover-context.ts';
import { proofMsMaxOfOne } from './records/mover-limits.ts';
import { frozenBy, SourceProbe } from './source-probe.ts';
import { TailProof } from './tail-proof.ts';
import { everySlot } from './records/slot-states.ts';
import { SourceTail } from './source/source-tail.ts';
import { UnprovenError } from './records/step-errors.ts';
import { UnavailableError } from './records/unavailable-error.ts';
import { bytesOf, inChunks } from './write-chunks.ts';
import { WriteWindow } from './write-window.ts';

interface Frozen {
  /** The source's record with the slots frozen. */
  record: FenceRecord;
  /** A time not later than the moment when the slots stopped. */
  frozenAtMs: number;
}

/** One try of one move. */
export class HandOver {
  private readonly context: MoverContext;
  private readonly driver: MoveSteps;
  private readonly move: MoveRecord;
  private readonly claim: DestinationClaim;
  private readonly tail: SourceTail;
  private readonly probe: SourceProbe;
  private readonly proof: TailProof;

  constructor(context: MoverContext, driver: MoveSteps, move: MoveRecord, claim: DestinationClaim) {
    const { records, clock, limits } = context;
    const { from: shard, slots, id } = move;
    this.context = context;
    this.driver = driver;
    this.move = move;
    this.claim = claim;
    const isStopped = () => context.isStopped();
    this.tail = new SourceTail({ records, clock, limits, shard, slots, move: id, isStopped });
    this.probe = new SourceProbe(context, { move, claim, tail: this.tail });
    this.proof = new TailProof(context, { shard, slots }, this.tail);
  }

  /** @throws a step error, after which the caller begins anew; resolves when the destination owns the slots. */
  async run(): Promise<void> {
    const { context, driver, move, claim, tail } = this;
    await clearSlots(context, move.slots, claim.writer);
    try {
      await tail.open();
      driver.enter('copy');
      await this.copy();
      driver.enter('tail');
      await this.catchUp();
      await this.rehearse();
      await context.freezes.pass(() => this.stopAndActivate());
    } finally {
      tail.close();
    }
  }

  private async copy(): Promise<void> {
    const { context, driver, move, claim, tail } = this;
    const { records, clock, limits, pace, freezes, trace } = context;
    const { progress } = driver;
    progress.keysCopied = 0;
    progress.bytesCopied = 0;
    progress.keysTotal = null;
    const window = new WriteWindow(limits.writesInFlightMax);
    try {
      for await (const page of copyPages(records, limits, { shard: move.from, slots: move.slots })) {
        await awaitRoom(context, driver, move.to);
        if (tail.isHeavy) {
          // The tail holds writes to keys of these pages: the pages have to be written before.
          await window.settled();
          window.check();
          await this.writeTail();
        }
        tail.cover(page);
        progress.keysTotal = Math.max(progress.keysTotal ?? 0, progress.keysCopied + page.keysLeft);
        const puts = page.kvs
          .filter(({ key }) => !isMarker(key))
          .map(({ key, value }): RequestOp => ({ kind: 'put', key, value }));
        for (const chunk of inChunks(puts, limits)) {
          driver.checkOn();
          await pace.take(chunk.length);
          await freezes.whenEmpty(clock, limits.yieldMsMax);
          await window.start(async () => {
            await claim.writer.write(chunk);
            progress.keysCopied += chunk.length;
            progress.bytesCopied += chunk.reduce((sum, operation) => sum + bytesOf(operation), 0);
          });
        }
      }
    } finally {
      await window.settled();
    }
    window.check();
    const { base: oldest } = tail.record;
    trace.emit({ name: 'move.copied', move: move.id, from: move.from, keys: progress.keysCopied, oldest });
  }

  /** Writes the events of the watch until few are left. */
  private async catchUp(): Promise<void> {
    do {
      this.driver.checkOn();
      await this.writeTail();
    } while (this.tail.lag > this.context.limits.freezeLagKeysMax);
  }

  /**
   * Proves what the watch has said so far, and that the source can list the rest while the slots are stopped. Each round
   * leaves less to list.
   * @throws OversizedError, and what `TailProof.rehearse` throws
   */
  private async rehearse(): Promise<void> {
    const { limits } = this.context;
    const msMax = this.move.slots.length === 1 ? proofMsMaxOfOne(limits) : limits.proofMsMax;
    for (let round = 1; ; round++) {
      await this.hearAll();
      if ((await this.proof.rehearse()) <= msMax) return;
      if (round >= limits.rehearsalsMax) throw this.proof.tooLong();
    }
  }

  /** Waits until the watch has reached the newest revision in the copy. */
  private async hearAll(): Promise<void> {
    const { records, clock, limits } = this.context;
    for (let probes = 1; ; probes++) {
      this.driver.checkOn();
      const isHeard = await records.alone(this.move.from, () => this.probe.send(probes));
      await this.writeTail();
      if (isHeard !== null) return;
      await pause(clock, limits.retryPauseMs);
    }
  }

  /** The slots stop here, and go on at the destination. */
  private async stopAndActivate(): Promise<void> {
    const { context, driver, move, claim, tail } = this;
    const { clock, limits, trace } = context;
    driver.enter('freeze');
    const { record, frozenAtMs } = await this.freeze();
    driver.enter('drain');
    const asked = this.proof.askStopped(tail.record.base);
    // When this method fails before it awaits the answer, it throws another error.
    asked.catch(() => undefined);
    const leftMs = () => frozenAtMs + limits.freezeMsMax - clock.nowMs();
    while (!tail.areAllMarked) {
      if (leftMs() <= 0) throw new UnavailableError(move.from, 'the end of the slots does not come in time');
      await tail.next(leftMs());
    }
    // Read now: a mover that takes the slots back deletes their markers, and then this mover's record changes nothing any more.
    const owned = new Map(
      move.slots.map((slot): [number, SlotState] => {
        const state = record.slots[slot] as Extract<SlotState, { kind: 'frozen' }>;
        // No version that the source gave is above its revision at the marker.
        const versionOffset = state.versionOffset + tail.markedRevision(slot);
        return [slot, { kind: 'owned', epoch: state.epoch + 1, versionOffset }];
      }),
    );
    try {
      await this.proof.conclude(asked, leftMs());
    } catch (error) {
      // If another mover has taken over, the slots have gone back to their source, which has taken writes since.
      if (error instanceof UnprovenError) await claim.verify();
      throw error;
    }
    driver.enter('activate');
    const chunks = [...inChunks(tail.take(), { ...limits, writeOperationsMax: limits.freezeLagKeysMax })];
    const last = chunks.pop() ?? [];
    for (const chunk of chunks) await claim.writer.write(chunk);
    await claim.activate(last, (slot) => owned.get(slot));
    const frozenMs = clock.nowMs() - frozenAtMs;
    const { keysCopied } = driver.progress;
    trace.emit({ name: 'move.activated', move: move.id, slots: move.slots.length, keysCopied, frozenMs });
  }

  /**
   * Stops the slots at their source, with their markers, in one transaction, when little is left to write, the watch is alive
   * and the destination answers. The order matters: the source's record is read, then the claim is verified, then the record
   * that was read is replaced. A claim that was given up before that has left another record behind.
   */
  private async freeze(): Promise<Frozen> {
    const { records, clock, limits } = this.context;
    for (let probes = 1; ; probes++) {
      this.driver.checkOn();
      const frozen = await records.alone(this.move.from, () => this.tryToFreeze(probes));
      if (frozen !== null) return frozen;
      await this.writeTail();
      if (probes > 1) await pause(clock, limits.retryPauseMs);
    }
  }

  /** Null when the moment is wrong: then no slot has been stopped. */
  private async tryToFreeze(probes: number): Promise<Frozen | null> {
    const { move, tail } = this;
    const { records, clock, limits } = this.context;
    const source = await records.readFence(move.from);
    if (everySlot(source.record, move.slots, (state) => state?.kind === 'frozen' && state.move === move.id))
      return { record: source.record, frozenAtMs: clock.nowMs() };
    const tookMs = await this.probe.send(probes, source);
    const isQuick = this.probe.judge(tookMs ?? Infinity, probes);
    if (tookMs === null || !isQuick || tail.lag > limits.freezeLagKeysMax) return null;
    const frozenAtMs = clock.nowMs();
    const record = frozenBy(move, source);
    const value = frozenMarker(move.id);
    const markers = move.slots.map((slot): RequestOp => ({ kind: 'put', key: dataPrefix(slot), value }));
    const frozen = await records.replaceFence(source, record, markers);
    return frozen === null ? null : { record: frozen.record, frozenAtMs };
  }

  /** Writes the tail into the destination, with as many operations at a time as one transaction takes. */
  private async writeTail(): Promise<void> {
    for (const chunk of inChunks(this.tail.take(), this.context.limits)) await this.claim.writer.write(chunk);
  }
}
