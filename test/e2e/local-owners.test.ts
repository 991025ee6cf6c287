// The status compares the view with each shard's own record, on real etcd.
import { expect, onTestFinished, test } from 'vitest';
import { callGateway } from '../../cluster/etcd/gateway.ts';
import { decodeFence, encodeFence, fenceKeys } from '../../sharder/core/fence.ts';
import { VaseCommand } from './vase-command.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

test('a slot that a second shard owns by its record is named, and no longer when it has given it back', async () => {
  const vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  const size = ['--shards', '2', '--members', '1', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  const { shards, problems } = await vase.status();
  expect(problems).toEqual([]);
  const url = `http://${shards[1]!.members[0]!.endpoint}`;
  const call = (path: string, body: object) => callGateway(url, { path, body, timeoutMs: 5000 });
  const range = { key: base64(fenceKeys.key), range_end: base64(fenceKeys.rangeEnd) };
  const { kvs } = (await call('/v3/kv/range', range)) as { kvs: { key: string; value: string }[] };
  const [{ key, value }] = kvs as [{ key: string; value: string }];
  const fence = decodeFence(Buffer.from(value, 'base64'));
  const own = fence.slots.find((state) => state !== undefined);
  const foreign = fence.slots.indexOf(undefined);
  const twice = fence.slots.map((state, slot) => (slot === foreign ? own : state));
  await call('/v3/kv/put', {
    key,
    value: Buffer.from(encodeFence({ ...fence, slots: twice })).toString('base64'),
  });
  const what = `etcd-1 and etcd-2 both own slots ${foreign}: what is written to one is not read from the other`;
  expect((await vase.status()).problems.map((problem) => problem.what)).toEqual([what]);
  const status = await vase.run(['status']);
  expect([status.exitCode, status.stdout]).toEqual([1, expect.stringContaining(what)]);
  await call('/v3/kv/put', { key, value });
  expect((await vase.status()).problems).toEqual([]);
});
