/** The fence of one shard as a sharder knows it: read when needed, and learned from the replies to rejected transactions. */
import type { CoreEvent } from './core-event.ts';
import type { ReplyHeader, ResponseOp, TxnReply } from './etcd-messages.ts';
import { type Fence, fenceKey } from './fence.ts';
import type { ShardName } from './identity.ts';
import type { Limits } from './limits.ts';
import type { Trace } from './ports.ts';
import { RecordError } from './record-fields.ts';
import type { ShardClient } from './shard-client.ts';
import { readFence } from './transaction.ts';

export interface FenceContext {
  trace: Trace<CoreEvent>;
  limits: Limits;
  /** The shard could not be reached, or another shard answered. */
  onUnreachable(): void;
}

export class FenceKeeper {
  private readonly shard: ShardName;
  private readonly client: ShardClient;
  private readonly context: FenceContext;
  private known: Fence | null = null;
  private asking: Promise<void> | null = null;

  constructor(shard: ShardName, client: ShardClient, context: FenceContext) {
    this.shard = shard;
    this.client = client;
    this.context = context;
  }

  /** The newest fence that is known; null before the first answer of the shard. */
  get current(): Fence | null {
    return this.known;
  }

  /** Reads the fence again; cheap when it has not changed, and one read at a time. */
  refresh(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = null));
    return this.asking;
  }

  /** A transaction under `fence` was rejected: nothing was applied, and the reply carries the record that is in force. */
  learnFromRejection(fence: Fence, reply: TxnReply): void {
    const current = this.read(reply.responses[0]);
    if (current?.modRevision === fence.modRevision) throw new Error('a fence was rejected that is in force');
    if (current === null) this.distrust(reply.header);
    this.setFence(current);
  }

  private async ask(): Promise<void> {
    const deadlineMs = this.context.limits.operationTimeoutMs;
    // etcd returns only a newer record: the known one need not be sent and read again.
    const minModRevision = this.known === null ? 0 : this.known.modRevision + 1;
    const outcome = await this.client.execute(
      { kind: 'range', key: fenceKey(this.shard), minModRevision },
      { readOnly: true, deadlineMs },
    );
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'range') {
      this.context.onUnreachable();
      return;
    }
    // `count` counts the key whatever its revision: 0 means that there is no record.
    if (outcome.reply.count === 0) this.distrust(outcome.reply.header);
    if (minModRevision === 0 || outcome.reply.kvs.length > 0) this.setFence(this.read(outcome.reply));
  }

  /** The member that answered has no record of this shard, so it belongs to another one and says nothing about this one. */
  private distrust(header: ReplyHeader | null): void {
    this.context.trace.emit({
      name: 'shard.mistaken',
      shard: this.shard.id,
      member: header?.memberId ?? '',
    });
    if (header !== null) this.client.distrust(header.memberId);
    this.context.onUnreachable();
  }

  /** A record that cannot be read counts as none: the shard gets no operation until there is another record. */
  private read(response: ResponseOp | undefined): Fence | null {
    try {
      return readFence(this.shard, response);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.context.trace.emit({ name: 'fence.unreadable', shard: this.shard.id, message: error.message });
      return null;
    }
  }

  /** Keeps the newest record: the lanes' replies may arrive in another order than etcd gave them. */
  private setFence(fence: Fence | null): void {
    if (fence !== null && this.known !== null && fence.modRevision <= this.known.modRevision) return;
    this.known = fence;
    this.context.trace.emit({
      name: 'fence.changed',
      shard: this.shard.id,
      epoch: fence?.record.epoch ?? -1,
      revision: fence?.modRevision ?? -1,
    });
  }
}
