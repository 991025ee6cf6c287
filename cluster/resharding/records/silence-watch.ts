/** Since when shards leave what they are asked without an answer: what has to do with others need not wait for them. */
import type { Clock } from '../../../sharder/core/ports.ts';
import type { ShardId } from '../../../sharder/core/numbers.ts';

export class SilenceWatch {
  private readonly clock: Clock;
  /** Shard to when it was asked what nothing has been answered since. */
  private readonly askedMs = new Map<number, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  asked(shard: ShardId): void {
    if (!this.askedMs.has(shard)) this.askedMs.set(shard, this.clock.nowMs());
  }

  /** Call with an answer of the shard's own, whatever it says; that nobody answered is none. */
  answered(shard: ShardId): void {
    this.askedMs.delete(shard);
  }

  /** Milliseconds; 0 for a shard that has answered since it was asked last. */
  silentMs(shard: ShardId): number {
    const askedMs = this.askedMs.get(shard);
    return askedMs === undefined ? 0 : this.clock.nowMs() - askedMs;
  }
}
