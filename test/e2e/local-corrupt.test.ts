// A shard whose members' data differ, on real etcd: `up` names it and leaves it out, and it may write again once they agree.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { callGateway } from '../../cluster/etcd/gateway.ts';
import { VaseCommand } from './vase-command.ts';

const good = 'as-it-was-written'.repeat(8);
const bad = 'as-it-was-damaged'.repeat(8);

test('up names the member whose data differ, and takes the alarm back when it has been replaced', async () => {
  const vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  const size = ['--shards', '2', '--members', '3', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  const endpoint = (await vase.status()).endpoint!;
  const urlOf = (key: string) => `${endpoint}/v1/kv/${key}`;
  const put = async (key: string, body = good) => fetch(urlOf(key), { method: 'PUT', body });
  const keyOf: Record<string, string> = {};
  for (let index = 0; Object.keys(keyOf).length < 2; index++)
    keyOf[(await put(`key-${index}`)).headers.get('vase-shard')!] ??= `key-${index}`;
  const [mine, other] = [keyOf['etcd-2']!, keyOf['etcd-1']!];

  expect((await vase.run(['down'])).exitCode).toBe(0);
  const folder = join(vase.stateRoot, 'data', 'etcd-2-1');
  const file = join(folder, 'member', 'snap', 'db');
  const text = readFileSync(file, 'latin1');
  expect(text).toContain(good);
  writeFileSync(file, text.replaceAll(good, bad), 'latin1');
  expect((await vase.run(['up'])).exitCode).toBe(0);

  const { shards } = await vase.status();
  const url = `http://${shards[1]!.members[0]!.endpoint}`;
  const call = (path: string, body: object) => callGateway(url, { path, body, timeoutMs: 5000 });
  const { header } = (await call('/v3/maintenance/status', {})) as { header: { member_id: string } };
  // etcd raises the alarm itself only where it is told to compare; nothing else reveals a flipped byte.
  await call('/v3/maintenance/alarm', { action: 'ACTIVATE', alarm: 'CORRUPT', memberID: header.member_id });

  const refused = await put(mine);
  expect([refused.status, await refused.json()]).toEqual([
    503,
    { error: { code: 'unavailable', message: 'etcdserver: corrupt cluster', definite: true } },
  ]);
  expect((await put(other)).status).toBe(204);
  const status = await vase.run(['status']);
  expect([status.exitCode, status.stdout]).toEqual([1, expect.stringContaining('etcd-2 takes no writes')]);

  const up = await vase.run(['up']);
  expect(up.exitCode, up.stderr).toBe(3);
  const hashes = /etcd-2-0 (\d+), etcd-2-1 (\d+), etcd-2-2 (\d+)/.exec(up.stdout + up.stderr);
  expect(hashes, up.stderr).not.toBeNull();
  expect(hashes![1]).toBe(hashes![3]);
  expect(hashes![1]).not.toBe(hashes![2]);
  expect((await put(other)).status).toBe(204);

  expect((await vase.run(['down'])).exitCode).toBe(0);
  renameSync(folder, join(vase.stateRoot, 'aside'));
  const mended = await vase.run(['up', '--replace']);
  expect(mended.exitCode, mended.stderr).toBe(0);
  expect(mended.stderr).toContain('the same data on all members again: etcd-2');
  expect((await put(mine, good)).status).toBe(204);
  for (const member of (await vase.status()).shards[1]!.members) {
    const body = {
      key: Buffer.from('d/').toString('base64'),
      range_end: Buffer.from('d0').toString('base64'),
    };
    const range = { ...body, serializable: true };
    const answer = await callGateway(`http://${member.endpoint}`, {
      path: '/v3/kv/range',
      body: range,
      timeoutMs: 5000,
    });
    expect(JSON.stringify(answer)).not.toContain(Buffer.from(bad).toString('base64').slice(0, 60));
  }
  expect((await vase.status()).problems).toEqual([]);
});
