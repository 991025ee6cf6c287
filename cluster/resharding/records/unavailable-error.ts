/** A shard did not answer in time, or not usably. Whether something was changed is for the records to say. */
import type { ShardId } from '../../../sharder/core/numbers.ts';

export class UnavailableError extends Error {
  override name = 'UnavailableError';
  readonly shard: ShardId;

  constructor(shard: ShardId, message: string) {
    super(message);
    this.shard = shard;
  }
}
