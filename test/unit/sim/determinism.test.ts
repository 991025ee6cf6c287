import { expect, test } from 'vitest';
import { World } from '../../../sim/run/world/world.ts';
import { scheduleFaults } from './random-faults.ts';

/** A run with asynchronous code, watches and faults. */
async function hashOfRun(seed: number, isObserved = false): Promise<string> {
  const world = new World({ seed, ...(isObserved ? { observer: () => undefined } : {}) });
  const cluster = world.addCluster({ name: 'shard' });
  const client = world.addProcess('client', { skewMs: 3 });
  const rpc = world.etcdRpc(client);
  const random = world.random('workload');
  const work = async (lane: number): Promise<void> => {
    for (;;) {
      const endpoint = cluster.endpoints[random.nextBelow(3)]!;
      const put = { kind: 'put', key: `${lane}`, value: Buffer.from(`${client.clock.nowMs()}`) } as const;
      const result = await rpc.call(endpoint, put, { deadlineMs: 500 });
      client.trace.emit({ name: 'client.learns', what: result.kind });
      await new Promise<void>((resolve) => client.clock.schedule(random.nextBelow(100), resolve));
    }
  };
  for (let lane = 0; lane < 3; lane++) world.kernel.scheduleAsync(0, () => void work(lane));
  rpc.watch(
    cluster.endpoints[0]!,
    { key: '0', rangeEnd: '\0' },
    { onEvents: () => undefined, onEnd: () => undefined },
  );
  scheduleFaults(world, cluster, { fromMs: 1_000, untilMs: 8_000 });
  await world.run({ untilMs: 10_000 });
  return world.hash;
}

test('the same seed gives the same hash, other seeds other hashes', async () => {
  const hashes: string[] = [];
  for (let seed = 1; seed <= 20; seed++) hashes.push(await hashOfRun(seed));
  expect(new Set(hashes).size).toBe(20);
  for (let seed = 1; seed <= 20; seed++) expect(await hashOfRun(seed), `seed ${seed}`).toBe(hashes[seed - 1]);
});

test('neither an observer nor the real world around a run changes its hash', async () => {
  const hash = await hashOfRun(77);
  expect(await hashOfRun(77, true)).toBe(hash);
  const noise = setInterval(() => void Promise.resolve().then(() => Buffer.alloc(100_000)), 0);
  const readable = new Blob(['x'.repeat(1_000_000)]).text();
  expect(await hashOfRun(77)).toBe(hash);
  clearInterval(noise);
  await readable;
});
