/**
 * Whether one shard has room for users' puts: its members are asked every few seconds, and sooner when much is put; between
 * two answers this sharder adds the bytes that it sends. An unknown shard has room: etcd refuses what does not fit.
 */
import type { CoreEvent } from './core-event.ts';
import { EarliestTimer } from './earliest-timer.ts';
import type { StatusReply } from './etcd-messages.ts';
import type { Limits } from './limits.ts';
import { inUseMax, refusalFor, reserveOf, type Space } from './reserve.ts';
import { type Pending, settle } from './pending.ts';
import type { Clock, Trace } from './ports.ts';
import type { ShardClient } from './shard-client.ts';
import type { ShardId } from './numbers.ts';

/** What a put takes beside its key and value: as etcd itself reckons. */
export const putOverheadBytes = 256;
/** A sharder that has sent this part of the room left asks again: soon enough, if there are not many more sharders than 16. */
const askShare = 1 / 16;
/** etcd counts what it has taken after its next commit, every 100 ms. */
const commitMs = 300;
/** After so many failed answers in a row, the last figures no longer count. */
const failuresMax = 3;

export interface RoomContext {
  clock: Clock;
  trace: Trace<CoreEvent>;
  limits: Limits;
  /** Quota of members that do not report it; absent or null: not known. */
  quotaBytes?: number | null;
}

export class RoomKeeper {
  private readonly shard: ShardId;
  private readonly client: ShardClient;
  private readonly context: RoomContext;
  private reason: string | null = null;
  /** Bytes that this sharder has sent: ever, up to what the last answer includes, and up to the last question. */
  private sent = 0;
  private counted = 0;
  private sentWhenAsked = 0;
  private askedAtMs = -Infinity;
  /** Bytes sent beyond `counted` after which the members are asked again, and after which puts are refused. */
  private askAfter = Infinity;
  private refuseAfter = Infinity;
  private space: Space | null = null;
  private failures = 0;
  private readonly timer: EarliestTimer;
  private isAsking = false;
  private closed = false;

  constructor(shard: ShardId, client: ShardClient, context: RoomContext) {
    this.shard = shard;
    this.client = client;
    this.context = context;
    this.timer = new EarliestTimer(context.clock, () => void this.ask());
    if (context.limits.roomPollMs > 0) this.timer.setTo(context.clock.nowMs());
  }

  /** Puts are refused. */
  get isSpent(): boolean {
    return this.reason !== null;
  }

  /** The operations that the shard has room for: puts are refused, definitely, before etcd refuses all; others never are. */
  fitting(batch: Pending[]): Pending[] {
    const message = this.reason;
    if (message === null) return batch;
    return batch.filter((pending) => {
      if (pending.operation.kind !== 'put') return true;
      settle(pending, { kind: 'failed', code: 'no_space', message });
      return false;
    });
  }

  /** Puts of so many bytes leave, overheads included. */
  noteSent(bytes: number): void {
    this.sent += bytes;
    const uncounted = this.sent - this.counted;
    if (uncounted < this.askAfter) return;
    if (uncounted >= this.refuseAfter && this.space !== null && this.reason === null)
      this.setReason(refusalFor({ ...this.space, inUseBytes: this.space.inUseBytes + uncounted }));
    if (!this.isAsking && !this.closed) this.timer.setTo(this.askedAtMs + this.context.limits.roomPollMsMin);
  }

  close(): void {
    this.closed = true;
    this.timer.cancel();
  }

  private async ask(): Promise<void> {
    const { clock, limits } = this.context;
    this.isAsking = true;
    const nowMs = clock.nowMs();
    const counted = nowMs - this.askedAtMs < commitMs ? this.sentWhenAsked : this.sent;
    this.askedAtMs = nowMs;
    this.sentWhenAsked = this.sent;
    const statuses = await this.client.readStatuses();
    this.isAsking = false;
    if (this.closed) return;
    this.learn(statuses, counted);
    this.timer.setTo(this.askedAtMs + limits.roomPollMs);
    // What was sent meanwhile may be worth another question.
    this.noteSent(0);
  }

  private learn(statuses: readonly StatusReply[], counted: number): void {
    const space = spaceOf(statuses, this.context.quotaBytes ?? null);
    this.failures = space === null ? this.failures + 1 : 0;
    if (space === null && this.failures < failuresMax) return;
    this.space = space;
    this.counted = counted;
    this.refuseAfter = space === null ? Infinity : inUseMax(space.quotaBytes) - space.inUseBytes;
    this.askAfter =
      space === null ? Infinity : askShare * Math.max(0, this.refuseAfter + reserveOf(space.quotaBytes));
    this.setReason(space === null ? null : refusalFor(space));
  }

  private setReason(reason: string | null): void {
    const before = this.reason;
    this.reason = reason === null ? null : `shard ${this.shard} ${reason}`;
    if ((before === null) === (reason === null)) return;
    const { shard } = this;
    this.context.trace.emit(
      reason === null ? { name: 'room.found', shard } : { name: 'room.spent', shard, reason },
    );
  }
}

/** The space of the fullest member; null when no member reports its quota, or there is none. */
function spaceOf(statuses: readonly StatusReply[], otherwiseBytes: number | null): Space | null {
  const quotas = statuses.map(({ quotaBytes }) => (quotaBytes === 0 ? (otherwiseBytes ?? 0) : quotaBytes));
  const known = quotas.filter((bytes) => bytes > 0);
  if (known.length === 0) return null;
  return {
    sizeBytes: Math.max(...statuses.map(({ dbSizeBytes }) => dbSizeBytes)),
    inUseBytes: Math.max(...statuses.map(({ dbSizeInUseBytes }) => dbSizeInUseBytes)),
    quotaBytes: Math.min(...known),
  };
}
