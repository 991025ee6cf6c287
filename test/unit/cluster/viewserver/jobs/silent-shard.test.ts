// A shard that does not answer is waited for by nobody but whoever has to do with it: neither for a place, nor for its figures.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { defaultMoverLimits } from '../../../../../cluster/resharding/records/mover-limits.ts';
import { ShardCaller } from '../../../../../cluster/viewserver/home/shard-caller.ts';
import { Room } from '../../../../../cluster/viewserver/jobs/room.ts';
import { fullness, lead } from '../lead-cluster.ts';
import { MemoryCluster } from '../memory-cluster.ts';

test('its moves give their places to others as soon as it is silent, before they have failed for long', async () => {
  const cluster = new MemoryCluster(3);
  cluster.silence(3);
  const ownedBy = (id: number) => cluster.view.slots.flatMap((owner, slot) => (owner === id ? [slot] : []));
  // One move for each slot, as their neighbours stay: more than there are places.
  const far = ownedBy(3).filter((slot) => slot % 2 === 0);
  cluster.setJobs([
    { id: 'far', work: { kind: 'move', slots: far.slice(0, 20), to: 1 } },
    { id: 'near', work: { kind: 'move', slots: ownedBy(1).slice(0, 5), to: 2 } },
  ]);
  const { resharder } = lead(cluster);
  expect(await cluster.ended('near')).toMatchObject({ state: 'done', note: 'shard 2 has them' });
  const nowMs = performance.now();
  const blockedMs = resharder
    .progress()
    .flatMap(({ block }) => (block === null ? [] : nowMs - block.sinceMs));
  expect(Math.max(0, ...blockedMs)).toBeLessThan(defaultMoverLimits.blockedMs);
  expect(resharder.progress().length).toBeGreaterThan(0);
}, 60_000);

test('whether moves fit is asked of the shards that they touch alone', async () => {
  const cluster = new MemoryCluster(3);
  const silent = createServer(() => undefined);
  onTestFinished(() => {
    silent.closeAllConnections();
    silent.close();
  });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  let asked = 0;
  silent.on('connection', () => void asked++);
  const { port } = silent.address() as AddressInfo;
  const urls = [
    await fullness({ used: 100 }),
    await fullness({ used: 790 }),
    `http://127.0.0.1:${port}/metrics`,
  ];
  cluster.fleet.members = urls.map((url, index) => ({ shard: index + 1, name: `etcd-${index + 1}-0`, url }));
  const room = new Room({ fleet: cluster.fleet, caller: new ShardCaller(cluster) });
  const { view } = cluster;
  for (const key of ['d/0000/a', 'd/0001/a']) cluster.put(1, key, new Uint8Array(8));
  const plans = [{ slots: [0], from: 1, to: 2 }];
  await expect(room.demand(view, plans)).rejects.toMatchObject({ code: 'shard-full' });
  expect(asked).toBe(0);
  // Whoever wants to see all of them waits for all.
  expect((await room.fillsOf(view, plans)).map(({ shard }) => shard)).toEqual([1, 2]);
  expect(asked).toBeGreaterThan(0);
});
