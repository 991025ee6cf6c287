// A home shard that is full for users keeps room for lease, jobs and view: freeing room works, and etcd raises no alarm.
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compact } from './direct-puts.ts';
import { VaseCommand } from './vase-command.ts';

// Small values: etcd forgets a thousand versions at a time, and its database grows by the pages that held them.
const value = 'x'.repeat(1000);
const batchOperations = 500;
const writers = 4;
let stored = 0;
let vase: VaseCommand;
let endpoint: string;
beforeAll(async () => {
  vase = new VaseCommand();
  const file = `${vase.stateRoot}.yaml`;
  writeFileSync(file, 'etcd: { quota: 64Mi }\nmoves: { keysPerSecond: 0 }\n');
  const size = ['--shards', '1', '--members', '1', '--sharders', '2', '--port', '0'];
  expect(await vase.run(['up', ...size, '--topology', file])).toMatchObject({ exitCode: 0 });
  endpoint = (await vase.status()).endpoint!;
});
afterAll(() => vase.remove());

interface Result {
  status: number;
  error?: { code: string; definite: boolean };
}

async function batch(operations: object[]): Promise<Result[]> {
  const response = await fetch(`${endpoint}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  return ((await response.json()) as { results: Result[] }).results;
}

async function home() {
  const [shard] = (await vase.status()).shards;
  return { ...shard!, etcd: shard!.members[0]!.etcd!, endpoint: shard!.members[0]!.endpoint };
}

/** Runs several writers until each has met a refusal. @returns the last refusal. */
async function fill(): Promise<Result | undefined> {
  let refusal: Result | undefined;
  const write = async () => {
    for (let isFull = false; !isFull;) {
      const first = stored;
      stored += batchOperations;
      const keys = Array.from({ length: batchOperations }, (_, index) => `key-${first + index}`);
      const results = await batch(keys.map((key) => ({ op: 'put', key, value })));
      for (const result of results) {
        expect([201, 204, 429, 507]).toContain(result.status);
        if (result.status === 507) refusal = result;
        isFull ||= result.status === 507;
      }
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  return refusal;
}

async function putsAreTaken(name: string): Promise<void> {
  const put = async () => {
    const keys = Array.from({ length: 20 }, (_, index) => `${name}-${index}`);
    const results = await batch(keys.map((key) => ({ op: 'put', key, value })));
    return results.filter(({ status }) => status >= 300);
  };
  await expect.poll(put, { timeout: 30_000, interval: 200 }).toEqual([]);
}

test('puts are refused before the quota is reached, definitely, and the status says so', async () => {
  expect((await fill())?.error).toMatchObject({ code: 'no_space', definite: true });
  const said = /etcd-1 is full: [\d.]+ of 64 MiB are in use.*puts are refused from 56 MiB on/;
  // A member that is busy may not answer in time.
  await expect.poll(async () => (await vase.run(['status'])).stdout, { timeout: 30_000 }).toMatch(said);
  const { isFull, etcd } = await home();
  expect(isFull).toBe(false);
  expect(etcd.dbSizeBytes).toBeLessThan(64 * 1024 * 1024);
});

test('reads and deletes are served meanwhile, and every command that frees it works', async () => {
  expect((await fetch(`${endpoint}/v1/kv/key-0`)).status).toBe(200);
  expect((await fetch(`${endpoint}/v1/kv/key-1`, { method: 'DELETE' })).status).toBe(204);
  expect(await vase.run(['shard', 'add'])).toMatchObject({ exitCode: 0 });
  expect(await vase.run(['move', '0-99', '--to', '2'])).toMatchObject({ exitCode: 0 });
  expect((await home()).isFull).toBe(false);
});

test('it takes puts again once etcd has compacted what was moved away', async () => {
  await compact((await home()).endpoint);
  await putsAreTaken('after-moves');
  expect((await vase.status()).problems).toEqual([]);
});

test('deletes alone free it, too', async () => {
  await fill();
  const half = Math.floor(stored / 2);
  for (let first = 0; first < half; first += batchOperations) {
    const keys = Array.from({ length: batchOperations }, (_, index) => `key-${first + index}`);
    for (const { status } of await batch(keys.map((key) => ({ op: 'delete', key }))))
      expect([204, 404, 429]).toContain(status);
  }
  for (const { members } of (await vase.status()).shards) await compact(members[0]!.endpoint);
  await putsAreTaken('after-deletes');
  expect((await home()).isFull).toBe(false);
});
