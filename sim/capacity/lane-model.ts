/**
 * A lane of a sharder towards one shard: one transaction in flight; when the lane is free, it sends all that has gathered, up
 * to the sharder's own bound and with each key written once. The rules are those of sharder/core/lane.ts, without its bytes.
 */
import { defaultLimits } from '../../sharder/core/limits.ts';
import type { StoreRequest } from './store-model.ts';

const { laneOperationsMax } = defaultLimits;
/** The setting with which sharders are started beside etcd's --max-txn-ops of 1024, a topology's default. */
const batchOperationsMax = 512;

export class LaneModel {
  readonly isWrite: boolean;
  isBusy = false;
  transactions = 0;
  operations = 0;
  #queue: StoreRequest[] = [];

  constructor(isWrite: boolean) {
    this.isWrite = isWrite;
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** False when the lane is full. */
  offer(request: StoreRequest): boolean {
    if (this.#queue.length >= laneOperationsMax) return false;
    this.#queue.push(request);
    return true;
  }

  take(): StoreRequest[] {
    const batch: StoreRequest[] = [];
    const rest: StoreRequest[] = [];
    const written = new Set<number>();
    let index = 0;
    for (; index < this.#queue.length && batch.length < batchOperationsMax; index++) {
      const request = this.#queue[index]!;
      if (this.isWrite && written.has(request.key)) {
        rest.push(request);
        continue;
      }
      written.add(request.key);
      batch.push(request);
    }
    this.#queue = index === this.#queue.length ? rest : [...rest, ...this.#queue.slice(index)];
    this.transactions++;
    this.operations += batch.length;
    return batch;
  }
}
