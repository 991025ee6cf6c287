/**
 * A running hash over everything that happens in a world: two lanes with the body of MurmurHash3 (x86, 32 bits) and
 * different constants. Fast on small integers; not cryptographic. Equal histories give equal hashes on every machine.
 */
export class TraceHash {
  #low = 0x2f0b4a2d;
  #high = 0x6b79d88f;
  readonly #float = new Float64Array(1);
  readonly #words = new Int32Array(this.#float.buffer);

  /** Folds in the lowest 32 bits of an integer. */
  mix(value: number): void {
    let word = Math.imul(value, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    let lane = this.#low ^ word;
    lane = (lane << 13) | (lane >>> 19);
    this.#low = (Math.imul(lane, 5) + 0xe6546b64) | 0;
    word = Math.imul(value ^ this.#low, 0x239b961b);
    word = Math.imul((word << 17) | (word >>> 15), 0xab0e9789 | 0);
    lane = this.#high ^ word;
    lane = (lane << 16) | (lane >>> 16);
    this.#high = (Math.imul(lane, 5) + 0x561ccd1b) | 0;
  }

  /** Folds in any number: all of its 64 bits. */
  mixNumber(value: number): void {
    this.#float[0] = value;
    this.mix(this.#words[0]!);
    this.mix(this.#words[1]!);
  }

  mixString(text: string): void {
    this.mix(text.length);
    const pairs = text.length & ~1;
    for (let at = 0; at < pairs; at += 2) this.mix(text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16));
    if (pairs < text.length) this.mix(text.charCodeAt(pairs));
  }

  /** Sixteen hexadecimal digits: the hash of everything so far. Does not disturb it. */
  digest(): string {
    return finish(this.#low, this.#high) + finish(this.#high, this.#low);
  }
}

/** MurmurHash3's finalizer, so that the last words reach every bit of the digest. */
function finish(lane: number, other: number): string {
  let hash = lane ^ Math.imul(other, 0x9e3779b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0).toString(16).padStart(8, '0');
}
