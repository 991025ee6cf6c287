/** Everything is healed: each sharder must serve again, reads of every key and writes at every shard. */
import { pause } from '../../sharder/core/pause.ts';
import { slotOf } from '../../sharder/core/slot.ts';
import type { View } from '../../sharder/core/view.ts';
import { hashText } from '../../sharder/hash.ts';
import type { SimClient } from './world/sim-client.ts';
import type { SimSharder } from './world/sim-sharder.ts';

const retryMs = 50;

interface Proof {
  client: SimClient;
  sharders: readonly SimSharder[];
}

/** Reads every key through every sharder, until it is answered: acknowledged values must be there. */
export async function readEverywhere({ client, sharders }: Proof, keys: readonly string[]): Promise<void> {
  for (const sharder of sharders)
    for (const key of keys)
      while (!(await client.read(sharder, key))) await pause(client.process.clock, retryMs);
}

/** Writes a key of every shard through every sharder, until the write succeeds. */
export async function writeEverywhere({ client, sharders }: Proof, { shards, slots }: View): Promise<void> {
  for (const { id } of shards) {
    const key = keyOf(id, slots);
    if (key === null) continue;
    for (const sharder of sharders)
      while (!(await client.write(sharder, key))) await pause(client.process.clock, retryMs);
  }
}

/** A key that nobody else uses, in a slot of this shard; null when the shard has no slot. */
function keyOf(shard: number, slots: readonly number[]): string | null {
  if (!slots.includes(shard)) return null;
  for (let number = 0; ; number++)
    if (slots[slotOf(`healed${number}`, hashText)] === shard) return `healed${number}`;
}
