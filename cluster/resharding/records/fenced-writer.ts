/**
 * Writes data into a shard as long as its fence record says what the writer relies on. Each transaction compares the record's
 * mod revision, so a write of a superseded mover changes nothing, however late it arrives.
 */
import type { RequestOp } from '../../../sharder/core/etcd-messages.ts';
import { encodeFence, type Fence, fenceKey, type FenceRecord } from '../../../sharder/core/fence.ts';
import { pause } from '../../../sharder/core/pause.ts';
import type { Clock } from '../../../sharder/core/ports.ts';
import { describe } from './describe-outcome.ts';
import { type RecordsClient } from './records-client.ts';
import { SupersededError } from './step-errors.ts';
import { UnavailableError } from './unavailable-error.ts';
import type { ShardId } from '../../../sharder/core/numbers.ts';

export interface FencedWriterOptions {
  records: RecordsClient;
  clock: Clock;
  shard: ShardId;
  fence: Fence;
  /** Whether a newer record still says what the writes rely on. */
  holds(record: FenceRecord): boolean;
  /**
   * Called when the outcome of a write is unknown. It must change the fence, so that this write never lands after later
   * writes; null where a late write does no harm.
   */
  renew: ((fence: Fence) => Promise<Fence>) | null;
  retryPauseMs: number;
}

/** Tries of one write: the record may change, or the outcome may stay unknown. */
const triesMax = 20;

export class FencedWriter {
  private readonly options: FencedWriterOptions;
  private fence: Fence;
  private renewing: Promise<void> | null = null;
  /** The most operations that etcd takes in one transaction, as far as is known. */
  operationsMax: number;

  constructor(options: FencedWriterOptions, operationsMax: number) {
    this.options = options;
    this.fence = options.fence;
    this.operationsMax = operationsMax;
  }

  /** The newest record that this writer knows. */
  get current(): Fence {
    return this.fence;
  }

  /**
   * Makes one write; for all later writes it counts exactly once.
   * @throws SupersededError when the record no longer holds. @throws UnavailableError
   */
  async write(operations: readonly RequestOp[]): Promise<void> {
    if (operations.length > this.operationsMax) return this.writeHalves(operations);
    for (let tries = 0; tries < triesMax; tries++) {
      const fence = this.fence;
      const outcome = await this.execute(fence, operations);
      if (outcome === 'done') return;
      if (outcome === 'too_many') {
        this.operationsMax = Math.max(1, Math.floor(operations.length / 2));
        return this.writeHalves(operations);
      }
      if (outcome === 'unknown') await this.renewFrom(fence);
    }
    throw new UnavailableError(this.options.shard, `shard ${this.options.shard} takes no write`);
  }

  /**
   * Replaces the record itself, with data in the same transaction; the writer cannot be used afterwards.
   * @throws SupersededError, UnavailableError; after the latter the records say whether the transaction was made.
   */
  async conclude(
    change: (record: FenceRecord) => FenceRecord,
    operations: readonly RequestOp[],
  ): Promise<void> {
    for (let tries = 0; tries < triesMax; tries++) {
      const fence = this.fence;
      const value = encodeFence(change(fence.record));
      const put: RequestOp = { kind: 'put', key: fenceKey(fence.record), value };
      const outcome = await this.execute(fence, [...operations, put]);
      if (outcome === 'done') return;
      if (outcome !== 'changed') break;
    }
    throw new UnavailableError(this.options.shard, `shard ${this.options.shard} did not conclude`);
  }

  /** @throws SupersededError when the record, read now, no longer holds. */
  async verify(): Promise<void> {
    this.adopt(await this.options.records.readFence(this.options.shard));
  }

  private async writeHalves(operations: readonly RequestOp[]): Promise<void> {
    const half = Math.min(this.operationsMax, Math.ceil(operations.length / 2));
    for (let first = 0; first < operations.length; first += half)
      await this.write(operations.slice(first, first + half));
  }

  private async execute(
    fence: Fence,
    operations: readonly RequestOp[],
  ): Promise<'done' | 'changed' | 'unknown' | 'too_many'> {
    const { records, shard, clock, retryPauseMs } = this.options;
    const key = fenceKey(fence.record);
    const outcome = await records.execute(
      shard,
      {
        kind: 'txn',
        compare: [{ key, target: 'mod_revision', result: 'equal', operand: fence.modRevision }],
        success: operations,
        failure: [{ kind: 'range', key }],
      },
      false,
    );
    if (outcome.kind === 'unknown') return 'unknown';
    if (outcome.kind === 'refused' && outcome.code === 'too_many_operations' && operations.length > 1)
      return 'too_many';
    if (outcome.kind !== 'reply' || outcome.reply.kind !== 'txn') {
      if (outcome.kind !== 'not_applied')
        throw new UnavailableError(shard, `shard ${shard}: ${describe(outcome)}`);
      await pause(clock, retryPauseMs);
      return 'changed';
    }
    if (outcome.reply.succeeded) return 'done';
    const [range] = outcome.reply.responses;
    const kv = range?.kind === 'range' ? range.kvs[0] : undefined;
    if (kv === undefined) throw records.mistaken(shard, outcome.reply.header);
    this.adopt(records.parseFence(shard, kv));
    return 'changed';
  }

  private adopt(fence: Fence): void {
    if (fence.modRevision <= this.fence.modRevision) return;
    if (!this.options.holds(fence.record))
      throw new SupersededError(`shard ${this.options.shard} is another mover's to write to`);
    this.fence = fence;
  }

  /** Renews once, however many writes were lost under this fence. */
  private async renewFrom(fence: Fence): Promise<void> {
    const { renew } = this.options;
    if (renew === null || this.fence.modRevision !== fence.modRevision) return;
    this.renewing ??= renew(fence)
      .then((renewed) => void (this.fence = renewed))
      .finally(() => (this.renewing = null));
    await this.renewing;
  }
}
