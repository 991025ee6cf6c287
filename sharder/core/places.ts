/** Where a shard's operations were carried out, for their outcomes: one object for each slot and epoch, since there are many. */
import type { Fence } from './fence.ts';
import type { Epoch, ShardId, Slot } from './numbers.ts';
import type { Place } from './operation.ts';

export class Places {
  private readonly shard: ShardId;
  private readonly known: Place[] = [];

  constructor(shard: ShardId) {
    this.shard = shard;
  }

  /** @param fence owns the slot. */
  of(slot: Slot, { record }: Fence): Place {
    const known = this.known[slot];
    const { epoch } = record.slots[slot] as { epoch: Epoch };
    if (known?.epoch === epoch) return known;
    return (this.known[slot] = { shard: this.shard, slot, epoch });
  }
}
