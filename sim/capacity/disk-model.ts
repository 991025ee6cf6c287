/**
 * The disk under one member's log: a sync takes its drawn time, or longer when the disk has reached its operations or bytes a
 * second. One sync at a time: the caller's loop waits for it.
 */
import { drawLatencyUs } from '../kernel/latency.ts';
import type { Profile } from './profile.ts';
import type { CapacityWorld } from './store-model.ts';

/** Bytes of one write in the log beside its value: key, fence, framing. */
const overheadBytes = 150;

export class DiskModel {
  readonly #world: CapacityWorld;
  readonly #profile: Profile;
  readonly #writeBytes: number;
  /** When the disk will have finished the work it was given. */
  #freeAtUs = 0;

  constructor(world: CapacityWorld, profile: Profile, valueBytes: number) {
    this.#world = world;
    this.#profile = profile;
    this.#writeBytes = valueBytes + overheadBytes;
  }

  /** Writes so many operations to the log and syncs it. */
  sync(operations: number, done: () => void): void {
    const { kernel, random } = this.#world;
    const { wal, disk } = this.#profile;
    let endUs = kernel.nowUs + drawLatencyUs(wal, random);
    if (disk !== null) {
      const bytes = operations * this.#writeBytes * disk.bytesPerByte;
      const takesUs = 1_000_000 * Math.max(disk.operationsPerSync / disk.iops, bytes / disk.bytesPerSecond);
      this.#freeAtUs = Math.max(kernel.nowUs, this.#freeAtUs) + takesUs;
      endUs = Math.max(endUs, this.#freeAtUs);
    }
    kernel.schedule(endUs, done, undefined);
  }
}
