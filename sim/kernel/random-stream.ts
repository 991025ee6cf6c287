/**
 * Random numbers of the simulator: one stream for each component, derived from the seed and the component's name, so
 * that adding a draw in one component moves no other. The generator is sfc32 of Chris Doty-Humphrey (PractRand, 128 bits
 * of state, period of at least 2^32), started as its author does: counter 1, then twelve rounds thrown away.
 */
import type { Random } from '../../sharder/core/ports.ts';

export class RandomStream implements Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, name: string) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = hashName(name);
    for (let round = 0; round < 12; round++) this.nextUint32();
  }

  /** A uniform integer in [0, 2^32). */
  nextUint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** A uniform number in [0, 1), in steps of 2^-32. */
  nextFraction(): number {
    return this.nextUint32() / 0x1_0000_0000;
  }

  /** A uniform integer in [0, bound), for a bound up to 2^32; the bias is below bound / 2^32. */
  nextBelow(bound: number): number {
    return Math.floor((this.nextUint32() / 0x1_0000_0000) * bound);
  }

  /** True with the given probability. Draws nothing for a probability of 0. */
  nextChance(probability: number): boolean {
    return probability > 0 && this.nextUint32() < probability * 0x1_0000_0000;
  }

  /** An exponentially distributed number with the given mean. */
  nextExponential(mean: number): number {
    return -Math.log(1 - this.nextFraction()) * mean;
  }

  /** Puts the items into a random order, in place. */
  shuffle(items: unknown[]): void {
    for (let last = items.length - 1; last > 0; last--) {
      const other = this.nextBelow(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
  }

  /** An independent stream whose name is this draw: for components that come and go. */
  fork(name: string): RandomStream {
    return new RandomStream(this.nextUint32(), name);
  }
}

/** FNV-1a, 32 bits, over UTF-16 code units. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash;
}
