/**
 * Which key a request uses, and which shard holds it: 1024 slots in contiguous ranges over the shards, as in a new cluster, and
 * a mixing hash from keys to slots.
 */
import type { RandomStream } from '../kernel/random-stream.ts';
import type { CellLoad } from './cell.ts';

const slots = 1024;
/** YCSB's skew. */
const theta = 0.99;

export class Keys {
  readonly #random: RandomStream;
  readonly #keys: number;
  readonly #shards: number;
  /** Cumulated shares of the ranks; null when all keys are equally likely. */
  readonly #cumulated: Float64Array | null;

  constructor(random: RandomStream, load: Pick<CellLoad, 'keys' | 'distribution'>, shards: number) {
    this.#random = random;
    this.#keys = load.keys;
    this.#shards = shards;
    this.#cumulated = load.distribution === 'zipfian' ? zipfianShares(load.keys) : null;
  }

  draw(): number {
    if (this.#cumulated === null) return this.#random.nextBelow(this.#keys);
    const point = this.#random.nextFraction();
    let from = 0;
    let to = this.#keys - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.#cumulated[middle]! > point) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  shardOf(key: number): number {
    return Math.floor((slotOf(key) * this.#shards) / slots);
  }
}

/** The finalizer of MurmurHash3 (32 bits) spreads consecutive numbers over the slots. */
function slotOf(key: number): number {
  let hash = key + 1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % slots;
}

function zipfianShares(keys: number): Float64Array {
  const shares = new Float64Array(keys);
  let sum = 0;
  for (let rank = 0; rank < keys; rank++) shares[rank] = sum += (rank + 1) ** -theta;
  return shares.map((share) => share / sum);
}
