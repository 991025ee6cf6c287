/** Since when shards have not answered: work for other shards need not wait for them. */
import type { Clock } from '../../../sharder/core/ports.ts';
import type { ShardId } from '../../../sharder/core/numbers.ts';

export class SilenceWatch {
  private readonly clock: Clock;
  /** Shard to the time of the first question since its last answer. */
  private readonly askedMs = new Map<number, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  asked(shard: ShardId): void {
    if (!this.askedMs.has(shard)) this.askedMs.set(shard, this.clock.nowMs());
  }

  /** Call with each answer of the shard itself, whatever it says; a call without an answer is none. */
  answered(shard: ShardId): void {
    this.askedMs.delete(shard);
  }

  /** Milliseconds without an answer; 0 for a shard that has answered since it was last asked. */
  silentMs(shard: ShardId): number {
    const askedMs = this.askedMs.get(shard);
    return askedMs === undefined ? 0 : this.clock.nowMs() - askedMs;
  }
}
