// Moves and the quotas of real etcds: a dry run shows how full every shard would be, and what does not fit is refused.
import { dirname, join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VaseCommand } from './vase-command.ts';

const value = 'x'.repeat(20_000);
let vase: VaseCommand;
let endpoint: string;
let stored = 0;
beforeAll(async () => {
  vase = new VaseCommand();
  const file = join(dirname(vase.stateRoot), 'topology.yaml');
  writeFileSync(file, 'etcd: { quota: 24Mi }\n');
  const size = ['--shards', '2', '--members', '1', '--sharders', '1', '--port', '0'];
  const up = await vase.run(['up', ...size, '--topology', file]);
  expect(up.exitCode).toBe(0);
  endpoint = (await vase.status()).endpoint!;
});
afterAll(() => vase.remove());

async function store(keys: number): Promise<void> {
  for (const until = stored + keys; stored < until; stored++) {
    const { ok } = await fetch(`${endpoint}/v1/kv/key-${stored}`, { method: 'PUT', body: value });
    expect(ok).toBe(true);
  }
}

async function fillsOf(...args: string[]) {
  const { stdout } = await vase.run([...args, '--dry-run', '--json']);
  return (JSON.parse(stdout) as { fills: { shard: number; percentAfter: number; isTooFull: boolean }[] })
    .fills;
}

test('a dry run shows how full every shard would be', async () => {
  await store(200);
  const fills = await fillsOf('shard', 'remove', '2');
  expect(fills.map(({ shard, isTooFull }) => [shard, isTooFull])).toEqual([
    [1, false],
    [2, false],
  ]);
  expect(fills[0]!.percentAfter).toBeGreaterThan(15);
  expect(fills[1]!.percentAfter).toBeLessThan(2);
  const { stdout } = await vase.run(['shard', 'remove', '2', '--dry-run']);
  expect(stdout).toMatch(/of its quota now.*afterwards/);
});

test('what would fill a shard past four fifths of its quota is refused, and changes nothing', async () => {
  await store(900);
  expect(await fillsOf('shard', 'remove', '2')).toMatchObject([{ shard: 1, isTooFull: true }, { shard: 2 }]);
  const refused = await vase.run(['shard', 'remove', '2']);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(/shard 1 would be \d+ % full.*etcd\.quota/);
  const { stdout } = await vase.run(['view', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    isClean: true,
    shards: [
      { id: 1, state: 'active', slots: 512 },
      { id: 2, state: 'active', slots: 512 },
    ],
  });
});

test('what fits moves all the same', async () => {
  const moved = await vase.run(['move', '512-520', '--to', '1']);
  expect(moved).toMatchObject({ exitCode: 0 });
  expect((await fetch(`${endpoint}/v1/kv/key-0`)).status).toBe(200);
});

test('with a shard more the removal fits: everything goes to the others, and every key is there', async () => {
  expect(await vase.run(['shard', 'add'])).toMatchObject({ exitCode: 0 });
  const fills = await fillsOf('shard', 'remove', '2');
  expect(fills.map(({ shard, isTooFull }) => [shard, isTooFull])).toEqual([
    [1, false],
    [2, false],
    [3, false],
  ]);
  expect(await vase.run(['shard', 'remove', '2'])).toMatchObject({ exitCode: 0 });
  const { stdout } = await vase.run(['view', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ isClean: true, shards: [{ id: 1 }, { id: 3 }] });
  for (let index = 0; index < stored; index++) {
    const answer = await fetch(`${endpoint}/v1/kv/key-${index}`);
    expect([answer.status, (await answer.text()).length]).toEqual([200, value.length]);
  }
  expect((await vase.status()).health).toBe('ready');
});
