/** A shard did not answer in time, or its answer was unusable. Only the records say whether something was changed. */
import type { ShardId } from '../../../sharder/core/numbers.ts';

export class UnavailableError extends Error {
  override name = 'UnavailableError';
  readonly shard: ShardId;

  constructor(shard: ShardId, message: string) {
    super(message);
    this.shard = shard;
  }
}
