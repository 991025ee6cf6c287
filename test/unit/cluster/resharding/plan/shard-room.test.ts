import { expect, test } from 'vitest';
import { fillOf, fillsAfter, refuseOverfull } from '../../../../../cluster/resharding/plan/shard-room.ts';

const rooms = [
  { shard: 1, usedBytes: 50, sizeBytes: 60, quotaBytes: 100 },
  { shard: 2, usedBytes: 40, sizeBytes: 60, quotaBytes: 100 },
];
const move = (from: number, to: number, bytes: number) => ({ from, to, bytes });

test('what moves is added to one shard and taken from the other', () => {
  expect(fillsAfter(rooms, [move(2, 1, 25), move(2, 1, 5)])).toEqual([
    { shard: 1, now: 0.5, after: 0.8 },
    { shard: 2, now: 0.4, after: 0.1 },
  ]);
});

test('a shard that is still to be made is empty, and as large as the smallest', () => {
  const uneven = [rooms[0]!, { ...rooms[1]!, quotaBytes: 50 }];
  expect(fillsAfter(uneven, [move(1, 3, 25)]).at(-1)).toEqual({ shard: 3, now: 0, after: 0.5 });
});

test('without an answer of any shard nothing is known', () => {
  expect(fillsAfter([], [move(1, 2, 10)])).toEqual([]);
});

test('four fifths are taken, more is refused by the name of the fullest', () => {
  refuseOverfull(fillsAfter(rooms, [move(2, 1, 30)]));
  expect(() => refuseOverfull(fillsAfter(rooms, [move(2, 1, 31)]))).toThrow('shard 1 would be 81 % full');
});

test('a shard that is too full already may still give something away', () => {
  const full = [{ ...rooms[0]!, usedBytes: 95 }, rooms[1]!];
  refuseOverfull(fillsAfter(full, [move(1, 2, 10)]));
  expect(() => refuseOverfull(fillsAfter(full, [move(2, 1, 1)]))).toThrow('shard 1 would be 96 % full');
});

test('a shard whose gaps take nearly all of its quota is full for a copy, whatever is in use', () => {
  const quotaBytes = 1024 * 1024 * 1024;
  const room = { shard: 1, usedBytes: quotaBytes / 2, quotaBytes };
  expect(fillOf({ ...room, sizeBytes: 0.9 * quotaBytes })).toBe(0.5);
  expect(fillOf({ ...room, sizeBytes: 0.999 * quotaBytes })).toBe(0.999);
});
