/**
 * Whether one shard has room for what users put: its members are asked every few seconds, and sooner when much is put; between
 * two answers what this sharder sends counts. A shard of which nothing is known has room: etcd refuses what does not fit.
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
/** Of what is left, sharders that send so much each know soon enough, as long as they are not many more than this. */
const askShare = 1 / 16;
/** etcd counts what it has taken after its next commit, every 100 ms. */
const commitMs = 300;
/** Answers that fail one after the other until what was known counts no more. */
const failuresMax = 3;

export interface RoomContext {
  clock: Clock;
  trace: Trace<CoreEvent>;
  limits: Limits;
  /** Where the members do not say it; absent or null: not known. */
  quotaBytes?: number | null;
}

export class RoomKeeper {
  private readonly shard: ShardId;
  private readonly client: ShardClient;
  private readonly context: RoomContext;
  private reason: string | null = null;
  /** Bytes that this sharder has sent: ever, of those which the last answer counts, and when the last question began. */
  private sent = 0;
  private counted = 0;
  private sentWhenAsked = 0;
  private askedAtMs = -Infinity;
  /** Bytes that may be sent beyond `counted`; what is known by then is asked again, or is to be refused. */
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

  /** What the shard has room for: puts are refused, definitely, before etcd refuses everybody's; nothing else ever is. */
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

/** Of the fullest member; null when none says what it has, or there is no quota. */
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
