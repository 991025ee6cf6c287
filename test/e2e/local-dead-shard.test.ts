// A shard that cannot be brought up: `up` says which and why, the rest is served, and the next `up` mends it.
import { renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
let endpoint: string;
/** A key of each shard, by the shard's name. */
const keys = new Map<string, string>();

beforeAll(async () => {
  vase = new VaseCommand();
  const size = ['--shards', '2', '--members', '3', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  endpoint = (await vase.provider.endpoint())!;
  for (let index = 0; keys.size < 2; index++) {
    const answer = await put(`key-${index}`, 'before');
    expect(answer.status).toBe(204);
    keys.set(answer.headers.get('vase-shard')!, `key-${index}`);
  }
});
afterAll(() => vase.remove());

const put = (key: string, body: string) => fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body });
const get = async (shard: string) => {
  const answer = await fetch(`${endpoint}/v1/kv/${keys.get(shard)}`);
  return [answer.status, answer.ok ? await answer.text() : ''];
};
const data = (member: string) => `${vase.stateRoot}/data/${member}`;

test('members whose data are gone leave their shard dead and the other one served, until they are back', async () => {
  expect((await vase.run(['down'])).exitCode).toBe(0);
  const lost = ['etcd-2-0', 'etcd-2-1'];
  for (const member of lost) renameSync(data(member), `${data(member)}.away`);
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  expect(up.stdout).toContain('etcd-2 is dead: 1 of its 3 members run');
  for (const member of lost) expect(up.stdout).toContain(`the data of ${member} are gone`);
  expect(await get('etcd-1')).toEqual([200, 'before']);
  expect((await put(keys.get('etcd-1')!, 'meanwhile')).status).toBe(204);
  expect((await get('etcd-2'))[0]).toBeGreaterThanOrEqual(500);
  expect((await vase.status()).health).toBe('unavailable');
  for (const member of lost) renameSync(`${data(member)}.away`, data(member));
  const again = await vase.run(['up', '--json']);
  expect(again.exitCode).toBe(0);
  expect(await get('etcd-1')).toEqual([200, 'meanwhile']);
  expect(await get('etcd-2')).toEqual([200, 'before']);
  expect((await vase.status()).health).toBe('ready');
});

test('a member that ends whenever it is started is named, and the quorum of its shard serves', async () => {
  expect((await vase.run(['down'])).exitCode).toBe(0);
  const database = `${data('etcd-2-2')}/member/snap/db`;
  renameSync(database, `${database}.away`);
  writeFileSync(database, 'no database');
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  expect(up.stdout).toContain('etcd-2-2 cannot be started: etcd-2-2 ended right after its start');
  expect(up.stdout).not.toContain('dead');
  expect(await get('etcd-2')).toEqual([200, 'before']);
  renameSync(`${database}.away`, database);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
});

test('without the home shard it says so, and leaves what runs alone', async () => {
  for (const member of ['etcd-1-0', 'etcd-1-1']) {
    await vase.provider.faults.kill(member);
    renameSync(data(member), `${data(member)}.away`);
  }
  const { pid } = (await vase.status()).sharders[0]!;
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(1);
  expect(up.stderr).toContain('etcd-1 is dead');
  expect(up.stderr).toContain('the data of etcd-1-0 are gone');
  expect((await vase.status()).sharders[0]!.pid).toBe(pid);
  expect(await get('etcd-2')).toEqual([200, 'before']);
  for (const member of ['etcd-1-0', 'etcd-1-1']) renameSync(`${data(member)}.away`, data(member));
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
});
