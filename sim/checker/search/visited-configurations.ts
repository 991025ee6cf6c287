/**
 * The configurations that the search has visited. A configuration is: which completed operations are placed, the state,
 * and how many of each class of open operations are used. It is kept exactly, not as a hash of itself: a collision would
 * turn a good history into an illegal one.
 *
 * The set of placed operations needs no bit per operation. Every rank below the highest placed one is placed, except the few
 * operations that were pending with it, so their ranks name the set: at most as many as there are concurrent operations,
 * however long the history and whatever the width of a machine word.
 *
 * Records lie in one array of integers: [next record, hash, length, uses, key...] and, for each remembered
 * combination of uses, [next, length, (class, count)...].
 */
import type { OpenClasses } from './open-classes.ts';

const HEADER = 4;
const NOTHING = 0;
/** Initial length: most searches are short, and there is one for each piece of a history. */
const arenaLength = 1 << 10;
const bucketsLength = 1 << 6;

export class VisitedConfigurations {
  private arena = new Int32Array(arenaLength);
  private filled = 1;
  private buckets = new Int32Array(bucketsLength);
  private records = 0;
  private readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.arena.byteLength + this.buckets.byteLength;
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    if (this.records === 0) return;
    this.filled = 1;
    this.records = 0;
    if (this.arena.length > 1 << 16) this.arena = new Int32Array(arenaLength);
    if (this.buckets.length > 1 << 14) this.buckets = new Int32Array(bucketsLength);
    else this.buckets.fill(NOTHING);
  }

  /**
   * Remembers a configuration. `known`: it need not be explored, because the same one, or one with the same operations placed,
   * the same state and fewer open operations used, has been: from there every operation that can be placed from here could have
   * been placed, and more are left to choose from. `full`: no memory is left within the budget.
   *
   * @param key the first `length` integers of it: the state, the highest rank placed, the ranks below it that are not.
   */
  enter(key: Int32Array, length: number, opens: OpenClasses): 'new' | 'known' | 'full' {
    const hash = hashOf(key, length);
    let record = this.find(key, length, hash);
    if (record !== NOTHING && this.isDominated(record, opens)) return 'known';
    if (!this.makeRoom(HEADER + length + 2 + 2 * opens.inUse.length)) return 'full';
    if (record === NOTHING) record = this.addRecord(key, length, hash);
    this.addUses(record, opens);
    return 'new';
  }

  private find(key: Int32Array, length: number, hash: number): number {
    const { arena } = this;
    let record = this.buckets[hash & (this.buckets.length - 1)]!;
    for (; record !== NOTHING; record = arena[record]!) {
      if (arena[record + 1] !== hash || arena[record + 2] !== length) continue;
      let same = 0;
      while (same < length && arena[record + HEADER + same] === key[same]) same++;
      if (same === length) return record;
    }
    return NOTHING;
  }

  private isDominated(record: number, opens: OpenClasses): boolean {
    const { arena } = this;
    for (let uses = arena[record + 3]!; uses !== NOTHING; uses = arena[uses]!) {
      const end = uses + 2 + arena[uses + 1]!;
      let pair = uses + 2;
      while (pair < end && arena[pair + 1]! <= opens.used[arena[pair]!]!) pair += 2;
      if (pair === end) return true;
    }
    return false;
  }

  private addRecord(key: Int32Array, length: number, hash: number): number {
    const { arena, buckets } = this;
    const record = this.filled;
    const bucket = hash & (buckets.length - 1);
    arena[record] = buckets[bucket]!;
    arena[record + 1] = hash;
    arena[record + 2] = length;
    arena[record + 3] = NOTHING;
    for (let index = 0; index < length; index++) arena[record + HEADER + index] = key[index]!;
    buckets[bucket] = record;
    this.filled += HEADER + length;
    this.records++;
    return record;
  }

  private addUses(record: number, opens: OpenClasses): void {
    const { arena } = this;
    const uses = this.filled;
    arena[uses] = arena[record + 3]!;
    arena[record + 3] = uses;
    arena[uses + 1] = 2 * opens.inUse.length;
    this.filled += 2;
    for (const index of opens.inUse) {
      arena[this.filled++] = index;
      arena[this.filled++] = opens.used[index]!;
    }
  }

  private makeRoom(words: number): boolean {
    if (this.filled + words > this.arena.length) {
      const length = Math.max(2 * this.arena.length, this.filled + words);
      if (4 * (this.arena.length + length) + this.buckets.byteLength > this.bytesMax) return false;
      const larger = new Int32Array(length);
      larger.set(this.arena);
      this.arena = larger;
    }
    if (this.records >= this.buckets.length) {
      if (this.arena.byteLength + 2 * this.buckets.byteLength > this.bytesMax) return false;
      this.rehash(2 * this.buckets.length);
    }
    return true;
  }

  private rehash(size: number): void {
    const old = this.buckets;
    const { arena } = this;
    this.buckets = new Int32Array(size);
    for (const first of old) {
      for (let record = first, next = NOTHING; record !== NOTHING; record = next) {
        next = arena[record]!;
        const bucket = arena[record + 1]! & (size - 1);
        arena[record] = this.buckets[bucket]!;
        this.buckets[bucket] = record;
      }
    }
  }
}

/** FNV-1a over 32-bit words with the finalizer of MurmurHash3, so that the low bits choose a bucket well. */
function hashOf(key: Int32Array, length: number): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < length; index++) hash = Math.imul(hash ^ key[index]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
