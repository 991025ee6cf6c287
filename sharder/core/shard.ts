/**
 * One shard as a sharder sees it: its fence, a lane of reads and a lane of writes, each with one transaction in flight.
 * A lane that becomes free sends what has gathered; there is no linger timer. Every operation that is submitted is
 * settled once: by a reply, by a failure, or by its deadline.
 * A write that is stuck at one member while another one serves holds up its own keys alone: a second transaction carries
 * waiting operations on other keys (see `Flights`).
 */
import type { CoreEvent } from './core-event.ts';
import { EarliestTimer } from './earliest-timer.ts';
import { buildTransaction, readApplied } from './transaction.ts';
import type { TxnReply } from './etcd-messages.ts';
import type { Fence, SlotState } from './fence.ts';
import { FenceKeeper } from './fence-keeper.ts';
import { Flights } from './flights.ts';
import type { ShardName } from './identity.ts';
import { failureOf } from './failure-of.ts';
import { FullShard } from './full-shard.ts';
import { Lane } from './lane.ts';
import type { Limits } from './limits.ts';
import { pause } from './pause.ts';
import { type LaneKind, laneOf, type Pending, settle, settleExpired, tellIfSlow } from './pending.ts';
import type { Clock, Trace } from './ports.ts';
import { Places } from './places.ts';
import { ReplySize } from './reply-size.ts';
import { putOverheadBytes, RoomKeeper } from './room-keeper.ts';
import type { CallOutcome, ShardClient } from './shard-client.ts';

export interface ShardContext {
  clock: Clock;
  trace: Trace<CoreEvent>;
  limits: Limits;
  /** Quota of each member, where members do not report it; absent or null: not known. */
  quotaBytes?: number | null;
  /** Takes an operation whose slot this shard's fence does not own; it was provably not applied here. */
  onMisrouted(pending: Pending, state: SlotState | undefined): void;
  /** The shard could not be reached: the view may have its new address, or no longer have the shard. */
  onUnreachable(): void;
}

interface LaneState {
  readonly lane: Lane;
  readonly replySize: ReplySize;
  /** Loops that empty this lane at the moment: two at most. */
  runners: number;
  readonly flights: Flights;
}

export class Shard {
  readonly id: number;
  readonly identity: string | undefined;
  readonly client: ShardClient;
  private readonly context: ShardContext;
  private readonly lanes: Record<LaneKind, LaneState>;
  private readonly fences: FenceKeeper;
  private readonly expiry: EarliestTimer;
  private readonly fullness = new FullShard();
  private readonly room: RoomKeeper;
  private readonly places: Places;
  private closed = false;
  private retired = false;

  constructor({ id, identity }: ShardName, client: ShardClient, context: ShardContext) {
    this.id = id;
    this.identity = identity;
    this.client = client;
    this.places = new Places(id);
    this.context = context;
    this.expiry = new EarliestTimer(context.clock, () => this.expire());
    this.fences = new FenceKeeper(this, client, context);
    this.room = new RoomKeeper(id, client, context);
    const state = (kind: LaneKind): LaneState => ({
      lane: new Lane(kind, context.limits),
      replySize: new ReplySize(context.limits),
      runners: 0,
      flights: new Flights(),
    });
    this.lanes = { read: state('read'), write: state('write') };
  }

  /** The newest fence that is known, null before the first answer of the shard. */
  get currentFence(): Fence | null {
    return this.fences.current;
  }

  /** Whether users' puts are refused, so that the shard's own records find room. */
  get isFull(): boolean {
    return this.room.isSpent;
  }

  /** What a lane holds: operations that wait, their bytes, and operations in the transactions under way. */
  load(kind: LaneKind): { queued: number; bytes: number; inFlight: number } {
    const { lane, flights } = this.lanes[kind];
    return { queued: lane.length, bytes: lane.bytes, inFlight: flights.count };
  }

  submit(pending: Pending): void {
    const state = this.lanes[laneOf(pending.operation)];
    if (this.retired) {
      this.context.onMisrouted(pending, undefined);
      return;
    }
    if (this.closed) {
      settle(pending, { kind: 'failed', code: 'unavailable', message: 'the sharder is stopping' });
      return;
    }
    const retryAfterMs = state.lane.offer(pending, this.context.clock.nowMs());
    if (retryAfterMs !== null) {
      const message = `shard ${this.id} has too much waiting`;
      settle(pending, { kind: 'failed', code: 'overloaded', message, retryAfterMs });
      return;
    }
    this.expiry.setTo(pending.deadlineAtMs);
    this.wake(state);
  }

  /** Reads the fence again; cheap when it has not changed, and one read at a time. */
  refreshFence(): Promise<void> {
    return this.fences.refresh();
  }

  /** The shard is no longer in the view: other shards carry out what waits; what is in flight ends by its reply. */
  retire(): void {
    this.retired = true;
    this.closed = true;
    this.room.close();
    this.client.close();
    for (const { lane } of Object.values(this.lanes))
      for (const pending of lane.drain()) this.context.onMisrouted(pending, undefined);
  }

  /** Fails waiting operations, definitely; those in flight end by their reply or their deadline. */
  close(): void {
    this.closed = true;
    this.room.close();
    for (const { lane } of Object.values(this.lanes)) {
      for (const pending of lane.drain()) {
        settle(pending, { kind: 'failed', code: 'unavailable', message: 'the sharder is stopping' });
      }
    }
    this.client.close();
  }

  /** Lets the operations that arrive in this turn of the event loop gather, then empties the lane. */
  private wake(state: LaneState): void {
    if (state.runners > (state.flights.isOneStuckAlone ? 1 : 0)) return;
    state.runners++;
    this.context.clock.schedule(0, () => void this.empty(state));
  }

  private async empty(state: LaneState): Promise<void> {
    while (state.lane.length > 0 && !this.closed && state.flights.mayBegin) {
      const fence = this.fences.current;
      if (fence === null) {
        await this.fences.refresh();
        if (this.fences.current === null)
          await pause(this.context.clock, this.context.limits.retryPauseMsMax);
        continue;
      }
      const taken = this.take(state);
      if (taken.length === 0) break;
      const batch = this.room.fitting(this.ownedOf(taken, fence));
      if (batch.length > 0) await this.run(state, fence, batch, taken);
      else state.lane.onEnded(taken, null);
    }
    state.runners--;
  }

  /** The operations that the next transaction may carry; none when all that wait are on keys of a transaction under way. */
  private take({ lane, flights, replySize }: LaneState): Pending[] {
    const mayRide = (first: Pending, other: Pending) => this.fullness.mayRide(first, other);
    return lane.take(replySize.operationsMax, this.context.clock.nowMs(), mayRide, flights.keys);
  }

  /**
   * Keeps only operations whose slots the fence owns; the others are routed anew. The fence is read again for them: it may own
   * their slots by now, and no rejected transaction will say so.
   */
  private ownedOf(taken: Pending[], fence: Fence): Pending[] {
    const owned = fence.record.slots;
    if (taken.every(({ slot }) => owned[slot]?.kind === 'owned')) return taken;
    void this.fences.refresh();
    return taken.filter((pending) => {
      const slotState = owned[pending.slot];
      if (slotState?.kind === 'owned') return true;
      this.context.onMisrouted(pending, slotState);
      return false;
    });
  }

  private async run(state: LaneState, fence: Fence, batch: Pending[], taken: Pending[]): Promise<void> {
    const { clock, trace } = this.context;
    const { lane, flights } = state;
    const startedAtMs = clock.nowMs();
    let deadlineAtMs = startedAtMs;
    let putBytes = 0;
    for (const pending of batch) {
      if (pending.operation.kind === 'put') putBytes += pending.bytes + putOverheadBytes;
      pending.sent = true;
      pending.sentAtMs = startedAtMs;
      deadlineAtMs = Math.max(deadlineAtMs, pending.deadlineAtMs);
    }
    if (putBytes > 0) this.room.noteSent(putBytes);
    if (!flights.isEmpty) trace.emit({ name: 'batch.overtakes', shard: this.id, operations: batch.length });
    const flight = flights.begin(batch);
    const onStuck = () => {
      flight.isStuck = true;
      if (lane.length > 0) this.wake(state);
    };
    const outcome = await this.client.execute(buildTransaction(fence, batch), {
      readOnly: lane.kind === 'read',
      deadlineMs: deadlineAtMs - startedAtMs,
      stuckAfterMs: lane.stuckAfterMs,
      // A read that is stuck is asked elsewhere as well, and need not be overtaken.
      ...(lane.kind === 'write' && { onStuck }),
    });
    flights.end(flight);
    const endedAtMs = clock.nowMs();
    const durationMs = endedAtMs - startedAtMs;
    for (const pending of batch) tellIfSlow(pending, this.id, endedAtMs);
    lane.onEnded(taken, outcome.kind === 'reply' ? durationMs : null);
    trace.emit({
      name: 'batch.ended',
      shard: this.id,
      lane: lane.kind,
      operations: batch.length,
      outcome: outcome.kind,
      durationMs,
    });
    this.conclude(state, fence, batch, outcome);
  }

  private conclude(state: LaneState, fence: Fence, batch: Pending[], outcome: CallOutcome): void {
    switch (outcome.kind) {
      case 'reply':
        if (outcome.reply.kind !== 'txn') throw new Error(`the reply to a txn is a ${outcome.reply.kind}`);
        if (outcome.reply.succeeded) this.settleApplied(state, fence, batch, outcome.reply);
        else this.learnFromRejection(state, fence, batch, outcome.reply);
        return;
      case 'refused':
        for (const pending of batch) {
          settle(pending, { kind: 'failed', code: failureOf(outcome.code), message: outcome.message });
        }
        return;
      case 'not_applied':
        this.context.onUnreachable();
        if (this.retired) return this.passOn(batch);
        for (const pending of batch) {
          settle(pending, { kind: 'failed', code: 'unavailable', message: outcome.message });
        }
        return;
      case 'unknown':
        if (outcome.cause === 'no_space') return this.settleFull(batch, outcome.message);
        this.context.onUnreachable();
        if (this.retired && state.lane.kind === 'read') return this.passOn(batch);
        // A write is never repeated, but later batches are smaller: the previous values were too large together.
        if (outcome.cause === 'reply_too_large') state.replySize.halve(batch.length);
        for (const pending of batch) settle(pending, { kind: 'unknown', message: outcome.message });
        return;
      case 'reply_too_large':
        this.askForLess(state, batch);
        return;
    }
  }

  /** The outcome is unknown: etcd applies the first write that exceeds the quota, and refuses it all the same. */
  private settleFull(batch: readonly Pending[], reason: string): void {
    this.fullness.noteRefused();
    const message = `shard ${this.id} is full: ${reason}`;
    for (const pending of batch) settle(pending, { kind: 'unknown', message, cause: 'no_space' });
  }

  private settleApplied(state: LaneState, fence: Fence, batch: Pending[], reply: TxnReply): void {
    this.fullness.noteApplied(batch);
    let replyBytes = 0;
    let index = 0;
    for (const pending of batch) {
      const applied = readApplied(reply, index, pending, fence);
      index++;
      if (applied.kind === 'condition_failed') {
        const { currentVersion } = applied;
        settle(pending, {
          kind: 'failed',
          code: 'condition_failed',
          message: 'the condition does not hold',
          currentVersion,
        });
        continue;
      }
      const { result } = applied;
      replyBytes += (result.kind === 'get' ? result.state : result.previous)?.value.length ?? 0;
      settle(pending, { kind: 'ok', result, place: this.places.of(pending.slot, fence) });
    }
    state.replySize.observe(replyBytes, batch.length);
  }

  /** The fence has changed: nothing was applied, and every operation starts anew. */
  private learnFromRejection(state: LaneState, fence: Fence, batch: Pending[], reply: TxnReply): void {
    this.fences.learnFromRejection(fence, reply);
    if (this.retired) return this.passOn(batch);
    state.lane.putBack(batch);
    this.unsend(batch);
  }

  /** This shard has not applied these and never will: another shard carries them out. */
  private passOn(batch: readonly Pending[]): void {
    this.unsend(batch);
    for (const pending of batch) this.context.onMisrouted(pending, undefined);
  }

  private askForLess(state: LaneState, batch: Pending[]): void {
    if (batch.length === 1) {
      for (const pending of batch)
        settle(pending, { kind: 'failed', code: 'too_large', message: 'the reply is too large' });
      return;
    }
    state.replySize.halve(batch.length);
    state.lane.putBack(batch);
    this.unsend(batch);
  }

  /** The batch is in the queue again: from here on an operation past its deadline fails definitely. */
  private unsend(batch: readonly Pending[]): void {
    for (const pending of batch) pending.sent = false;
  }

  private expire(): void {
    const nowMs = this.context.clock.nowMs();
    let nextMs = Infinity;
    for (const { lane, flights } of Object.values(this.lanes)) {
      for (const pending of lane.takeExpired(nowMs)) this.settleLate(pending, nowMs);
      nextMs = Math.min(nextMs, lane.nextDeadlineMs());
      for (const pending of flights.operations()) {
        if (pending.deadlineAtMs <= nowMs) this.settleLate(pending, nowMs);
        else nextMs = Math.min(nextMs, pending.deadlineAtMs);
      }
    }
    if (nextMs !== Infinity) this.expiry.setTo(nextMs);
  }

  private settleLate(pending: Pending, nowMs: number): void {
    tellIfSlow(pending, this.id, nowMs);
    settleExpired(pending, this.context.limits);
  }
}
