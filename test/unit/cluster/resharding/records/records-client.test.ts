/** Where another shard answers at a shard's address, nothing that it says is believed, and nothing is written to it. */
import { expect, test } from 'vitest';
import { proveEmpty } from '../../../../../cluster/viewserver/jobs/prove-empty.ts';
import { RecordsClient } from '../../../../../cluster/resharding/records/records-client.ts';
import { ShardCaller } from '../../../../../cluster/viewserver/home/shard-caller.ts';
import { systemClock, systemRandom } from '../../../../../sharder/system-clock.ts';
import { MemoryCluster } from '../../viewserver/memory-cluster.ts';

const data = { kind: 'range', key: 'd/', rangeEnd: 'd0', countOnly: true } as const;

function open(cluster: MemoryCluster): RecordsClient {
  const { endpoints } = cluster.view.shards[0]!;
  const trace = { emit: () => undefined };
  return new RecordsClient({
    clock: systemClock,
    random: systemRandom,
    trace,
    rpc: cluster,
    home: endpoints,
    callMs: 300,
  });
}

test('a range of data, the record and a watch count only where the shard itself answers', async () => {
  const cluster = new MemoryCluster(3);
  const records = open(cluster);
  cluster.put(2, 'd/0000/k', new Uint8Array([1]));
  cluster.swap(2, 3);
  expect(await records.read(2, data)).toMatchObject({
    kind: 'not_applied',
    message: expect.stringContaining('shard 2'),
  });
  await expect(records.readFence(2)).rejects.toThrow('has no fence record of it');
  expect(await records.isMember(2, '3')).toBe(false);
  cluster.swap(2, 3);
  expect(await records.read(2, data)).toMatchObject({ kind: 'reply', reply: { kind: 'range', count: 1 } });
  const fence = await records.readFence(2);
  expect(fence.record).toMatchObject({ shard: 2, identity: cluster.view.shards[1]!.identity });
  expect(await records.isMember(2, '2')).toBe(true);
  cluster.swap(2, 3);
  expect(await records.replaceFence(fence, { ...fence.record, epoch: 9 })).toBeNull();
  records.close();
});

test('a shard is not proven empty by another one that is', async () => {
  const cluster = new MemoryCluster(2);
  const shard = cluster.view.shards[1]!;
  cluster.make(2);
  await expect(proveEmpty(new ShardCaller(cluster), shard)).rejects.toThrow('has no record of it');
});

test('a shard that joins keeps the identity that it was given first, whoever asks', async () => {
  const cluster = new MemoryCluster(1);
  const joining = cluster.make(2);
  const [one, other] = [open(cluster), open(cluster)];
  const given = await Promise.all([one.nameShard(joining, 1), other.nameShard(joining, 1)]);
  expect(given[0]).toMatch(/^[0-9a-f]{16}$/);
  expect(given[1]).toBe(given[0]);
  one.close();
  other.close();
});
