/** Slots: the fixed 1024 parts of the key space. What moves between shards is a slot, never a single key. */
import { present } from './invariant.ts';
import type { Slot } from './numbers.ts';

export const SLOT_COUNT = 1024;

/** A well-mixed hash of a string to an unsigned 32-bit integer; `sharder/hash.ts` holds the one that Vase uses. */
export type HashText = (text: string) => number;

/**
 * The slot of a key, in [0, 1024). A key with a non-empty `{tag}` is placed by the first such tag alone, so that keys
 * with one tag share a slot; the rule is that of Redis Cluster's hash tags.
 */
export function slotOf(key: string, hash: HashText): Slot {
  return hash(key.includes('{') ? placedPart(key) : key) % SLOT_COUNT;
}

function placedPart(key: string): string {
  const open = key.indexOf('{');
  const close = key.indexOf('}', open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

const dataPrefixes = Array.from(
  { length: SLOT_COUNT },
  (_, slot) => `d/${slot.toString(16).padStart(4, '0')}/`,
);

/** The prefix of all of a slot's keys in etcd: one slot is one contiguous range. The prefix itself is the slot's marker. */
export function dataPrefix(slot: Slot): string {
  return present(dataPrefixes[slot], 'the prefix of a slot');
}

/** The end of a slot's range in etcd, exclusive: "/" is followed by "0" in byte order. */
export function dataRangeEnd(slot: Slot): string {
  return `${dataPrefix(slot).slice(0, -1)}0`;
}

/** From the first to the last of some slots, in etcd. @param slots ascending, at least one. */
export function dataRangeOf(slots: readonly number[]): { key: string; rangeEnd: string } {
  return {
    key: dataPrefix(present(slots[0], 'the first slot')),
    rangeEnd: dataRangeEnd(present(slots.at(-1), 'the last slot')),
  };
}

/** The slots dealt to shards in contiguous runs whose lengths differ by one at most; index: slot, value: shard id. */
export function dealSlots(shardIds: readonly number[]): number[] {
  return Array.from({ length: SLOT_COUNT }, (_, slot) =>
    present(shardIds[Math.floor((slot * shardIds.length) / SLOT_COUNT)], 'a shard for slots'),
  );
}
