import { expect, test } from 'vitest';
import { dataPrefix, dataRangeEnd, dealSlots, SLOT_COUNT, slotOf } from '../../../sharder/core/slot.ts';
import { hashText } from '../../../sharder/hash.ts';
import vectors from './slot-vectors.json' with { type: 'json' };

test('the hash is XXH32 with seed 0: the vectors of the xxHash project hold', () => {
  expect(hashText('')).toBe(0x02cc5d05);
  expect(hashText('a')).toBe(0x550d7456);
  expect(hashText('abc')).toBe(0x32d153ff);
  expect(hashText('Nobody inspects the spammish repetition')).toBe(0xe2293b2f);
});

test.each(vectors)(
  'the published vector of $key holds: hash $hash, slot $slot',
  ({ key, hash, slot, hashed }) => {
    expect(hashText(hashed)).toBe(hash);
    expect(slotOf(key, hashText)).toBe(slot);
  },
);

test('keys with one tag share a slot, and an empty or unclosed tag is no tag', () => {
  expect(slotOf('{user1}.name', hashText)).toBe(slotOf('{user1}.mail', hashText));
  expect(slotOf('{user1}.name', hashText)).toBe(slotOf('user1', hashText));
  expect(slotOf('{}.name', hashText)).toBe(hashText('{}.name') % SLOT_COUNT);
  expect(slotOf('{user', hashText)).toBe(hashText('{user') % SLOT_COUNT);
});

test.each([3, 5, 7])('100,000 random keys over %i shards lie within 5 %% of the mean', (shards) => {
  const table = dealSlots(Array.from({ length: shards }, (_, index) => index + 1));
  const counts = Array.from({ length: shards + 1 }, () => 0);
  const keys = 100_000;
  for (let index = 0; index < keys; index++) counts[table[slotOf(`user/${index * 7919}/name`, hashText)]!]!++;
  expect(Math.max(...counts) / (keys / shards)).toBeLessThanOrEqual(1.05);
});

test('slots are dealt in runs whose lengths differ by one at most', () => {
  for (let shards = 1; shards <= 64; shards++) {
    const table = dealSlots(Array.from({ length: shards }, (_, index) => index + 1));
    const counts = new Map<number, number>();
    for (const id of table) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(counts.size).toBe(shards);
    expect(Math.max(...counts.values()) - Math.min(...counts.values())).toBeLessThanOrEqual(1);
  }
});

test('a slot is one contiguous range of etcd keys that touches no other', () => {
  for (let slot = 0; slot < SLOT_COUNT; slot++) {
    expect(dataPrefix(slot) < dataRangeEnd(slot)).toBe(true);
    if (slot > 0) expect(dataRangeEnd(slot - 1) <= dataPrefix(slot)).toBe(true);
  }
});
