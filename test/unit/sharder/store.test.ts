/** What the store does with an operation, by the view and the fences: each test fails for one reason. In virtual time. */
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { VIEW_KEY } from '../../../sharder/core/view.ts';
import { SimulatedStore } from '../../support/simulated-store.ts';

async function started(limits: Partial<typeof defaultLimits> = {}): Promise<SimulatedStore> {
  const simulated = new SimulatedStore(limits);
  await simulated.start();
  return simulated;
}

test('an operation goes to the shard that the view names, and says which, of which epoch', async () => {
  const store = await started();
  for (const shard of [1, 2]) {
    const outcome = await store.during(store.put(store.keyOf(shard)));
    expect(outcome).toMatchObject({ kind: 'ok', place: { shard, epoch: 1 } });
  }
});

test('a slot that has moved is followed by the fence, though the view is old', async () => {
  const store = await started();
  const key = store.keyOf(1);
  await store.setSlot(2, key, { kind: 'owned', epoch: 2, versionOffset: 100 });
  await store.setSlot(1, key, { kind: 'moved', epoch: 2, to: 2 });
  const outcome = await store.during(store.put(key));
  expect(outcome).toMatchObject({ kind: 'ok', place: { shard: 2, epoch: 2 } });
  expect(store.store.currentView?.epoch).toBe(1);
});

test('an operation for a frozen slot waits, and is carried out once by the shard that takes the slot', async () => {
  const store = await started();
  const key = store.keyOf(1);
  await store.setSlot(2, key, { kind: 'importing', move: 'm', attempt: 1 });
  await store.setSlot(1, key, { kind: 'frozen', epoch: 1, versionOffset: 0, move: 'm', to: 2 });
  const outcome = store.put(key);
  await store.passMs(300);
  expect(store.store.heldOperations).toBe(1);
  await store.setSlot(2, key, { kind: 'owned', epoch: 2, versionOffset: 100 });
  expect(await store.during(outcome)).toMatchObject({ kind: 'ok', place: { shard: 2, epoch: 2 } });
  expect(store.store.heldOperations).toBe(0);
  const { store: keys } = store.clusters[1]!.member(0).machine;
  expect(keys.list({ start: 'd/', end: 'd0' }, Infinity).map(({ version }) => version)).toEqual([1]);
});

test('an operation for a slot that stays frozen fails definitely after heldMsMax', async () => {
  const store = await started();
  const key = store.keyOf(1);
  await store.setSlot(1, key, { kind: 'frozen', epoch: 1, versionOffset: 0, move: 'm', to: 2 });
  const beganMs = store.nowMs;
  expect(await store.during(store.put(key))).toMatchObject({ kind: 'failed', code: 'unavailable' });
  expect(store.nowMs - beganMs).toBeGreaterThanOrEqual(defaultLimits.heldMsMax);
  expect(store.nowMs - beganMs).toBeLessThan(defaultLimits.heldMsMax + 200);
});

test('more operations than heldOperationsMax are not held', async () => {
  const store = await started({ heldOperationsMax: 3 });
  const key = store.keyOf(1);
  await store.setSlot(1, key, { kind: 'frozen', epoch: 1, versionOffset: 0, move: 'm', to: 2 });
  // The fence is learnt from the first refusal.
  const outcomes = Array.from({ length: 5 }, () => store.get(key));
  await store.passMs(300);
  expect(store.store.heldOperations).toBe(3);
  for (const outcome of outcomes)
    expect(await store.during(outcome)).toMatchObject({ kind: 'failed', code: 'unavailable' });
});

test('a new view is adopted as it is made, and an older one never', async () => {
  const store = await started();
  store.store.watchView();
  const { view } = store;
  await store.putView({ ...view, epoch: 7 });
  await store.passMs(300);
  expect(store.store.currentView?.epoch).toBe(7);
  store.store.adopt({ ...view, epoch: 6 });
  expect(store.store.currentView?.epoch).toBe(7);
});

test('a view of another cluster is not adopted, however new it is', async () => {
  const store = await started();
  const [home, other] = store.view.shards;
  store.store.adopt({ ...store.view, epoch: 9, shards: [{ ...home!, identity: 'another' }, other!] });
  expect(store.store.currentView?.epoch).toBe(1);
});

test('a view that cannot be read leaves the one in use as it is', async () => {
  const store = await started();
  store.store.watchView();
  await store.putBytes(1, VIEW_KEY, Buffer.from('{"format":2}'));
  await store.passMs(300);
  expect(store.told).toContain('view.unreadable');
  expect(store.store.currentView?.epoch).toBe(1);
  expect(await store.during(store.put(store.keyOf(2)))).toMatchObject({ kind: 'ok' });
});

test('what waits at a shard that has left the view is carried out by the one that took its slots', async () => {
  const store = await started();
  store.store.watchView();
  const key = store.keyOf(2);
  await store.setSlot(1, key, { kind: 'owned', epoch: 2, versionOffset: 100 });
  store.clusters[1]!.member(0).pause();
  // The first is under way there, the second waits for it.
  const outcomes = [store.get(key), store.get(key)];
  await store.passMs(50);
  const { view } = store;
  const slots = view.slots.map(() => 1);
  await store.putView({ ...view, epoch: 2, shards: [view.shards[0]!], slots });
  for (const outcome of outcomes)
    expect(await store.during(outcome)).toMatchObject({ kind: 'ok', place: { shard: 1 } });
  expect([...store.store.currentShards.keys()]).toEqual([1]);
});

test('a write that was sent to a member which answers no more ends as unknown, by its deadline', async () => {
  const store = await started();
  const key = store.keyOf(2);
  expect(await store.during(store.put(key))).toMatchObject({ kind: 'ok' });
  store.clusters[1]!.member(0).pause();
  const beganMs = store.nowMs;
  expect(await store.during(store.put(key))).toMatchObject({ kind: 'unknown' });
  expect(store.nowMs - beganMs).toBeLessThanOrEqual(defaultLimits.operationTimeoutMs + 50);
});

test('a write that waited behind it until its deadline, and was never sent, ends as a definite failure', async () => {
  const store = await started();
  const key = store.keyOf(2);
  expect(await store.during(store.put(key))).toMatchObject({ kind: 'ok' });
  store.clusters[1]!.member(0).pause();
  const sent = store.put(key);
  await store.passMs(20);
  const written = store.put(key, 'later', { deadlineAtMs: store.nowMs + 500 });
  expect(await store.during(written)).toMatchObject({ kind: 'failed' });
  expect(await store.during(sent)).toMatchObject({ kind: 'unknown' });
});

test('nothing is taken once the store is closed, and what waits fails definitely', async () => {
  const store = await started();
  const key = store.keyOf(1);
  await store.setSlot(1, key, { kind: 'frozen', epoch: 1, versionOffset: 0, move: 'm', to: 2 });
  const held = store.get(key);
  await store.passMs(300);
  expect(store.store.heldOperations).toBe(1);
  const closedMs = store.nowMs;
  store.store.close();
  expect(await store.during(held)).toMatchObject({ kind: 'failed', code: 'unavailable' });
  expect(store.nowMs - closedMs).toBeLessThan(50);
  expect(await store.during(store.get(store.keyOf(2)))).toMatchObject({ kind: 'failed' });
});
