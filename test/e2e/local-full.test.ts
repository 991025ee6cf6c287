// A shard that has reached its quota, as earlier sharders let it: it is found, and takes writes again with a larger quota or less data.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { fillPastReserve } from './direct-puts.ts';
import { smallCluster, VaseCommand } from './vase-command.ts';

const value = 'x'.repeat(20_000);
/** The number of such values. */
const keys = 30;
let vase: VaseCommand;
let endpoint: string;
let file: string;
beforeAll(async () => {
  vase = new VaseCommand();
  file = `${vase.stateRoot}.yaml`;
  writeFileSync(file, 'etcd: { quota: 2Mi }\n');
  const up = await vase.run(['up', ...smallCluster, '--topology', file]);
  expect(up.exitCode).toBe(0);
  endpoint = (await vase.status()).endpoint!;
  for (let key = 0; key < keys; key++) expect(wasTaken(await put(`key-${key}`))).toBe(true);
});
afterAll(() => vase.remove());

async function put(key: string): Promise<number> {
  return (await fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body: value })).status;
}

const wasTaken = (status: number) => status >= 200 && status < 300;

async function fill(cluster: VaseCommand): Promise<void> {
  const [shard] = (await cluster.status()).shards;
  const member = shard!.members.find(({ etcd }) => etcd !== null)!;
  await fillPastReserve(member.endpoint);
}

test('it is shown as what it is, and can be read', async () => {
  await fill(vase);
  const { exitCode, stdout } = await vase.run(['status']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('etcd-1 has reached its quota');
  expect((await fetch(`${endpoint}/v1/kv/key-0`)).status).toBe(200);
});

test('a put is told so, and deletes are taken while eight others keep putting', async () => {
  const refused = await fetch(`${endpoint}/v1/kv/more`, { method: 'PUT', body: value });
  expect(refused.status).toBe(507);
  expect(await refused.json()).toMatchObject({ error: { code: 'no_space' } });
  let isOver = false;
  const statuses: number[] = [];
  const writers = Array.from({ length: 8 }, async (_, index) => {
    while (!isOver) statuses.push(await put(`more-${index}`));
  });
  const deleted: number[] = [];
  for (let index = 1; index <= 20; index++)
    deleted.push((await fetch(`${endpoint}/v1/kv/key-${index}`, { method: 'DELETE' })).status);
  isOver = true;
  await Promise.all(writers);
  expect(new Set(deleted)).toEqual(new Set([204]));
  expect(new Set(statuses)).toEqual(new Set([507]));
  expect((await fetch(`${endpoint}/v1/kv/key-1`)).status).toBe(404);
  expect((await fetch(`${endpoint}/v1/kv/key-0`)).status).toBe(200);
});

test('up makes room where there is some, and else says what does; what ran goes on', async () => {
  let up = await vase.run(['up']);
  // Until its keys fill the quota, and not the gaps between them.
  for (let round = 0; up.exitCode === 0 && round < 8; round++) {
    expect(up.stderr).toContain('full before and defragmented: etcd-1');
    await fill(vase);
    up = await vase.run(['up']);
  }
  expect(up).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('etcd-1 is full') });
  expect(up.stderr).toContain('etcd.quota');
  expect((await fetch(`${endpoint}/v1/kv/key-0`)).status).toBe(200);
});

test('it takes writes again with a larger quota', async () => {
  writeFileSync(file, 'etcd: { quota: 16Mi }\n');
  expect((await vase.run(['down'])).exitCode).toBe(0);
  const up = await vase.run(['up', '--topology', file]);
  expect(up.stderr).toContain('full before and defragmented: etcd-1');
  expect(up.exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
  expect(wasTaken(await put('after'))).toBe(true);
});

test('a full shard makes room while one of its members is lost, whichever that is', async () => {
  const three = new VaseCommand();
  onTestFinished(() => three.remove());
  const small = `${three.stateRoot}.yaml`;
  writeFileSync(small, 'etcd: { quota: 2Mi }\n');
  const size = ['--shards', '1', '--members', '3', '--sharders', '1', '--port', '0'];
  expect((await three.run(['up', ...size, '--topology', small])).exitCode).toBe(0);
  endpoint = (await three.status()).endpoint!;
  for (const lost of ['etcd-1-2', 'etcd-1-0']) {
    await fill(three);
    await three.provider.faults.kill(lost);
    rmSync(join(three.stateRoot, 'data', lost), { recursive: true });
    expect((await three.run(['down'])).exitCode).toBe(0);
    writeFileSync(small, `etcd: { quota: ${lost === 'etcd-1-2' ? '4Mi' : '16Mi'} }\n`);
    const up = await three.run(['up', '--topology', small]);
    expect({ exitCode: up.exitCode, said: `${up.stdout}${up.stderr}` }).toEqual({
      exitCode: 3,
      said: expect.stringMatching(
        /the data of etcd-1-\d are gone[^]*full before and defragmented: etcd-1/,
      ) as string,
    });
    expect(wasTaken(await put('after'))).toBe(true);
    expect((await three.run(['up', '--replace'])).exitCode).toBe(0);
  }
});
