// The endpoints of a shard in the view are changed by compare-and-swap, beside whoever else changes the view.
import { expect, test } from 'vitest';
import { nameEndpoints } from '../../../cluster/records/records.ts';
import { MemoryCluster } from './viewserver/memory-cluster.ts';

const endpoints = ['shard-2:2379', 'another:2379'];

test('what others write at the same moment stays, and the endpoints come to it', async () => {
  const cluster = new MemoryCluster(2);
  let others = 3;
  cluster.onCall = ({ kind }) => {
    if (kind !== 'txn' || others-- <= 0) return;
    const { view } = cluster;
    cluster.setView({ ...view, epoch: view.epoch + 1, nextShard: view.nextShard + 1 });
  };
  const home = cluster.view.shards[0]!;
  const view = await nameEndpoints(cluster, home, [{ id: 2, endpoints }]);
  expect(view).toEqual(cluster.view);
  expect(view).toMatchObject({ epoch: 5, nextShard: 6, shards: [home, { id: 2, endpoints }] });
});

test('what the view says already, and a shard that it does not know, change nothing', async () => {
  const cluster = new MemoryCluster(2);
  const [home, other] = cluster.view.shards;
  const unknown = { id: 7, endpoints };
  expect(await nameEndpoints(cluster, home!, [other!, unknown])).toMatchObject({ epoch: 1 });
  expect(cluster.view.epoch).toBe(1);
});

test('a home shard that does not answer is an error with what to do', async () => {
  const cluster = new MemoryCluster(2);
  const home = cluster.view.shards[0]!;
  cluster.silence(home.id);
  await expect(nameEndpoints(cluster, home, [{ id: 2, endpoints }])).rejects.toMatchObject({
    message: expect.stringContaining('shard 1 does not answer') as string,
    nextStep: expect.stringContaining('make status') as string,
  });
});
