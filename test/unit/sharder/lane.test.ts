import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FullShard } from '../../../sharder/core/full-shard.ts';
import { Lane } from '../../../sharder/core/lane.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { always, type Operation } from '../../../sharder/core/operation.ts';
import { createPending, type Pending, settle } from '../../../sharder/core/pending.ts';

const put = (key: string, bytes = 1): Operation => ({
  kind: 'put',
  key,
  value: new Uint8Array(bytes),
  condition: always,
  wantPrevious: false,
});
const pending = (operation: Operation, deadlineAtMs = 1000): Pending =>
  createPending(operation, 0, deadlineAtMs, () => undefined);
const keysOf = (batch: readonly Pending[]) => batch.map(({ operation }) => operation.key);

test('writes of one key never share a transaction and keep their order', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(fc.array(key, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (keys, operationsMax) => {
      const lane = new Lane('write', defaultLimits);
      const offered = keys.map((name) => pending(put(name)));
      for (const entry of offered) expect(lane.offer(entry, 0)).toBeNull();
      const taken: Pending[] = [];
      while (lane.length > 0) {
        const batch = lane.take(operationsMax, 0);
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(operationsMax);
        expect(new Set(keysOf(batch)).size).toBe(batch.length);
        taken.push(...batch);
      }
      for (const name of ['a', 'b', 'c', 'd']) {
        const inOrder = (list: readonly Pending[]) => list.filter(({ operation }) => operation.key === name);
        expect(inOrder(taken)).toEqual(inOrder(offered));
      }
    }),
  );
});

test('reads of one key share a transaction', () => {
  const lane = new Lane('read', defaultLimits);
  lane.offer(pending({ kind: 'get', key: 'a' }), 0);
  lane.offer(pending({ kind: 'get', key: 'a' }), 0);
  expect(lane.take(10, 0)).toHaveLength(2);
});

test('a full lane refuses, by operations and by bytes, and takes again when there is room', () => {
  const lane = new Lane('write', { ...defaultLimits, laneOperationsMax: 2, laneBytesMax: 100 });
  expect(lane.offer(pending(put('a', 60)), 0)).toBeNull();
  expect(lane.offer(pending(put('b', 60)), 0)).not.toBeNull();
  expect(lane.offer(pending(put('c', 10)), 0)).toBeNull();
  expect(lane.offer(pending(put('d', 1)), 0)).not.toBeNull();
  expect(keysOf(lane.take(1, 0))).toEqual(['a']);
  expect(lane.offer(pending(put('e', 60)), 0)).toBeNull();
});

test('a batch stays below the bytes of one request, and one operation always fits', () => {
  const lane = new Lane('write', { ...defaultLimits, batchBytesMax: 100 });
  for (const key of ['a', 'b', 'c']) lane.offer(pending(put(key, 45)), 0);
  lane.offer(pending(put('d', 500)), 0);
  expect(keysOf(lane.take(10, 0))).toEqual(['a', 'b']);
  expect(keysOf(lane.take(10, 0))).toEqual(['c']);
  expect(keysOf(lane.take(10, 0))).toEqual(['d']);
});

test('what was put back comes first again, and what was settled meanwhile is dropped', () => {
  const lane = new Lane('write', defaultLimits);
  for (const key of ['a', 'b', 'c']) lane.offer(pending(put(key)), 0);
  const batch = lane.take(2, 0);
  lane.putBack(batch);
  settle(batch[0]!, { kind: 'unknown', message: 'its deadline came' });
  expect(keysOf(lane.take(10, 0))).toEqual(['b', 'c']);
  expect(lane.length).toBe(0);
});

test('expired operations leave the lane and its bounds', () => {
  const lane = new Lane('write', { ...defaultLimits, laneOperationsMax: 2 });
  lane.offer(pending(put('a'), 10), 0);
  lane.offer(pending(put('b'), 30), 0);
  expect(lane.nextDeadlineMs()).toBe(10);
  expect(keysOf(lane.takeExpired(20))).toEqual(['a']);
  expect(lane.offer(pending(put('c'), 40), 0)).toBeNull();
  expect(lane.nextDeadlineMs()).toBe(30);
});

test('in a full shard puts and deletes keep apart, each key keeps its order, and a put that is taken ends it', () => {
  const full = new FullShard();
  const remove = (key: string): Operation => ({
    kind: 'delete',
    key,
    condition: always,
    wantPrevious: false,
  });
  const conditional = { ...put('e'), condition: { kind: 'absent' } } as Operation;
  const fill = () => {
    const lane = new Lane('write', defaultLimits);
    for (const operation of [put('a'), remove('b'), put('c'), remove('c'), remove('d'), conditional])
      lane.offer(pending(operation), 0);
    return () =>
      lane
        .take(10, 0, (first, other) => full.mayRide(first, other))
        .map(({ operation }) => `${operation.kind} ${operation.key}`);
  };
  expect(fill()()).toEqual(['put a', 'delete b', 'put c', 'delete d', 'put e']);
  full.noteRefused();
  const take = fill();
  expect([take(), take(), take()]).toEqual([
    ['put a', 'put c', 'put e'],
    ['delete b', 'delete c', 'delete d'],
    [],
  ]);
  full.noteApplied([pending(remove('b')), pending(conditional)]);
  expect(full.isFull).toBe(true);
  full.noteApplied([pending(put('a'))]);
  expect(full.isFull).toBe(false);
});
