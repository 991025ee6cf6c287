/**
 * Decides what the clients of a live run send, and where: keys of every shard, through the public port and each sharder's own.
 * The nemesis can make all clients avoid a sharder for a shard, and then make the shard's clients rush to it.
 */
import type { RandomStream } from '../../sim/kernel/random-stream.ts';

export interface LiveKey {
  /** Its short name, in the history. */
  name: string;
  /** Its name in the store, unique to the run. */
  stored: string;
  /** "etcd-1" */
  shard: string;
}

export interface Door {
  /** For example "http://127.0.0.1:5000". */
  url: string;
  /** Name of the sharder behind it; null for the public port, behind which the system chooses one. */
  sharder: string | null;
}

export interface Errand {
  key: LiveKey;
  door: Door;
  /** The client sends only a read, and at once. */
  rushes: boolean;
}

/** In a rush: how much of the shard's traffic takes part. */
const rushShare = 0.8;

export class Traffic {
  readonly keys: readonly LiveKey[];
  readonly doors: readonly Door[];
  private readonly idle = new Map<string, string>();
  private readonly rushed = new Map<string, string>();

  constructor(keys: readonly LiveKey[], doors: readonly Door[]) {
    this.keys = keys;
    this.doors = doors;
  }

  /** Names, each once. */
  get shards(): string[] {
    return [...new Set(this.keys.map(({ shard }) => shard))];
  }

  /** Whether clients avoid some sharder, or rush to it. */
  get hasIdle(): boolean {
    return this.idle.size + this.rushed.size > 0;
  }

  /** Nothing is sent to the shard through this sharder until `rush` or `release`. */
  leaveIdle(shard: string, sharder: string): void {
    this.idle.set(shard, sharder);
  }

  /** Most of the shard's traffic becomes reads through this sharder, until `release`. */
  rush(shard: string, sharder: string): void {
    this.idle.delete(shard);
    this.rushed.set(shard, sharder);
  }

  release(shard: string): void {
    this.idle.delete(shard);
    this.rushed.delete(shard);
  }

  /** What a client of this shard does next. */
  draw(random: RandomStream, shard: string): Errand {
    const key = pickFrom(
      random,
      this.keys.filter((candidate) => candidate.shard === shard),
    );
    const rushed = this.rushed.get(shard);
    if (rushed !== undefined && random.nextChance(rushShare)) {
      const door = this.doors.find(({ sharder }) => sharder === rushed)!;
      return { key, door, rushes: true };
    }
    const idle = this.idle.get(shard);
    // The public port may lead to the very sharder that clients have to avoid.
    const open =
      idle === undefined
        ? this.doors
        : this.doors.filter(({ sharder }) => sharder !== null && sharder !== idle);
    return { key, door: pickFrom(random, open), rushes: false };
  }
}

function pickFrom<T>(random: RandomStream, items: readonly T[]): T {
  return items[random.nextBelow(items.length)]!;
}
