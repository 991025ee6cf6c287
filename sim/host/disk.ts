/**
 * The disk under one write-ahead log. Syncs are served one at a time, in order; each takes a drawn time, longer while the
 * disk stalls. The disk decides which writes survive a crash: after a kill all that were issued (the page cache outlives the
 * process), after a power failure those that were synced, and of the one under way sometimes a part.
 */
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { FaultCounters } from '../kernel/fault-counters.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { drawLatencyUs, type LatencyProfile } from '../kernel/latency.ts';
import type { CrashKind } from './process.ts';
import type { RandomStream } from '../kernel/random-stream.ts';

/** Syncs that wait behind the one under way. One is usual, because a member waits for its sync before the next. */
const waitingSyncsMax = 1_000;

/** One write: how it becomes durable, wholly or only the first part of it, and what is called then. */
export interface DiskWrite {
  /** Puts the write into the durable state. `fraction` below 1: only the first part of it reached the disk. */
  apply(fraction: number): void;
  /** Called after `apply(1)`, never after a crash. */
  onSynced(): void;
}

export class Disk {
  profile: LatencyProfile;
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  readonly #counters: FaultCounters;
  readonly #waiting: DiskWrite[] = [];
  #underWay: DiskWrite | null = null;
  #completion: ScheduledEvent | null = null;
  #stallUntilUs = 0;

  constructor(parts: {
    kernel: Kernel;
    random: RandomStream;
    counters: FaultCounters;
    profile: LatencyProfile;
  }) {
    this.#kernel = parts.kernel;
    this.#random = parts.random;
    this.#counters = parts.counters;
    this.profile = parts.profile;
  }

  /** Issues one write and its sync. */
  sync(write: DiskWrite): void {
    if (this.#underWay === null) this.#start(write);
    else if (this.#waiting.length < waitingSyncsMax) this.#waiting.push(write);
    else throw new Error(`disk: more than ${waitingSyncsMax} syncs wait`);
  }

  /** No sync ends before `untilMs` of virtual time, not even one that is under way. */
  stall(options: { untilMs: number }): void {
    this.#stallUntilUs = Math.max(this.#stallUntilUs, options.untilMs * 1000);
  }

  /** The owner has crashed: decides which writes survive, and forgets the rest. */
  crash(kind: CrashKind): void {
    const underWay = this.#underWay;
    this.#completion?.cancel();
    this.#underWay = null;
    const waiting = this.#waiting.splice(0);
    if (underWay === null) return;
    if (kind === 'kill') {
      underWay.apply(1);
      for (const write of waiting) write.apply(1);
      return;
    }
    this.#counters.lostWrites += 1 + waiting.length;
    // Half of the interrupted writes are torn somewhere, the other half never reached the platter.
    if (this.#random.nextChance(0.5)) underWay.apply(this.#random.nextFraction());
  }

  #start(write: DiskWrite): void {
    this.#underWay = write;
    const atUs = this.#kernel.nowUs + drawLatencyUs(this.profile, this.#random);
    this.#completion = this.#kernel.schedule(atUs, this.#complete, write);
  }

  readonly #complete = (write: DiskWrite): void => {
    if (this.#kernel.nowUs < this.#stallUntilUs) {
      this.#counters.stalledSyncs++;
      this.#completion = this.#kernel.schedule(this.#stallUntilUs, this.#complete, write);
      return;
    }
    this.#underWay = null;
    this.#completion = null;
    write.apply(1);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next);
    write.onSynced();
  };
}
