/** A shard did not answer in time, or not usably. Whether something was changed is for the records to say. */

export class UnavailableError extends Error {
  override name = 'UnavailableError';
  readonly shard: number;

  constructor(shard: number, message: string) {
    super(message);
    this.shard = shard;
  }
}
