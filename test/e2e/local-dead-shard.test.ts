// A shard that cannot be brought up: `up` says which and why, the other shards are served, and the next `up` mends it.
import { renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { smallCluster, VaseCommand } from './vase-command.ts';

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
  expect(up.stdout).toContain(
    'the data of etcd-2-2 are damaged, and etcd cannot start on them: failed to open database',
  );
  expect(up.stdout).not.toContain('dead');
  expect(await get('etcd-2')).toEqual([200, 'before']);
  renameSync(`${database}.away`, database);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
});

const homeLost = ['etcd-1-0', 'etcd-1-1'];
const bringBack = () => {
  for (const member of homeLost) renameSync(`${data(member)}.away`, data(member));
};

test('without the home shard sharders start from copies of the view and serve the others', async () => {
  expect((await vase.run(['down'])).exitCode).toBe(0);
  for (const member of homeLost) renameSync(data(member), `${data(member)}.away`);
  const up = await vase.run(['up', '--sharders', '2']);
  expect({ exitCode: up.exitCode, stderr: up.exitCode === 3 ? '' : up.stderr }).toEqual({
    exitCode: 3,
    stderr: '',
  });
  expect(up.stdout).toContain('etcd-1 is dead: 1 of its 3 members run');
  expect(up.stdout).toContain('the data of etcd-1-0 are gone');
  expect(up.stdout).toContain('nothing can be moved, added or removed');
  expect((await vase.status()).sharders.map(({ ready }) => ready)).toEqual([true, true]);
  expect(await get('etcd-2')).toEqual([200, 'before']);
  expect((await put(keys.get('etcd-2')!, 'without the home shard')).status).toBe(204);
  expect((await get('etcd-1'))[0]).toBeGreaterThanOrEqual(500);
  bringBack();
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect(await get('etcd-1')).toEqual([200, 'meanwhile']);
  expect(await get('etcd-2')).toEqual([200, 'without the home shard']);
  expect((await vase.status()).health).toBe('ready');
});

test('where the home shard dies while sharders run, it says so and leaves them alone', async () => {
  for (const member of homeLost) {
    await vase.provider.faults.kill(member);
    renameSync(data(member), `${data(member)}.away`);
  }
  const pids = async () => (await vase.status()).sharders.map(({ pid }) => pid);
  const before = await pids();
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  expect(up.stdout).toContain('etcd-1 is dead');
  expect(await pids()).toEqual(before);
  expect(await get('etcd-2')).toEqual([200, 'without the home shard']);
  bringBack();
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
});

test('a home shard that is the only one is told as a failure, and nothing is left running', async () => {
  const single = new VaseCommand();
  try {
    expect((await single.run(['up', ...smallCluster])).exitCode).toBe(0);
    expect((await single.run(['down'])).exitCode).toBe(0);
    renameSync(`${single.stateRoot}/data/etcd-1-0`, `${single.stateRoot}/data/away`);
    const up = await single.run(['up']);
    expect(up.exitCode).toBe(1);
    expect(up.stderr).toContain('etcd-1 is dead: 0 of its 1 members run');
    expect(up.stderr).toContain('neither the view nor a copy of it');
    expect(single.processes()).toEqual([]);
  } finally {
    await single.remove();
  }
});
