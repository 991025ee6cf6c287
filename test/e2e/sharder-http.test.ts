/** The routes of a real sharder over three real shards. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { slotOf } from '../../sharder/core/slot.ts';
import { hashText } from '../../sharder/hash.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';

let cluster: LocalCluster;
const url = (path: string) => `${cluster.endpoint}${path}`;
const json = async (path: string, init?: RequestInit) =>
  (await fetch(url(path), init)).json() as Promise<never>;

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 3, members: 1, sharders: 1 });
});

afterAll(() => cluster.close());

const set = (path: string, value: string) =>
  json('/set', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ path, value }),
  });

test("the original's set, get and delete answer as etcd v2 did", async () => {
  const first = await set('Key 1', 'val_1');
  const slot = slotOf('Key 1', hashText);
  expect(first).toMatchObject({
    data: { action: 'set', node: { key: '/Key 1', value: 'val_1' } },
    server: expect.stringMatching(/^etcd-[123]$/),
    shard: { slot, epoch: 1 },
  });
  const created = (first as { data: { node: { createdIndex: number; modifiedIndex: number } } }).data.node;
  expect(created.createdIndex).toBe(created.modifiedIndex);
  expect(first).not.toHaveProperty('data.prevNode');
  expect(await set('Key 1', 'val_2')).toMatchObject({
    data: {
      node: { value: 'val_2', createdIndex: created.createdIndex },
      prevNode: { key: '/Key 1', value: 'val_1', ...created },
    },
  });
  const read = { data: { action: 'get', node: { key: '/Key 1', value: 'val_2' } } };
  expect(await json('/get/Key%201')).toMatchObject(read);
  expect(await json('/get//Key%201')).toMatchObject(read);
  expect(await json('/Key%201')).toMatchObject(read);
  expect(await json('/delete/Key%201', { method: 'DELETE' })).toMatchObject({
    data: { action: 'delete', node: { key: '/Key 1' }, prevNode: { value: 'val_2' } },
  });
});

test("a missing key answers etcd v2's error 100 with status 200, as the original did", async () => {
  for (const [path, method] of [
    ['/get/none', 'GET'],
    ['/delete/none', 'DELETE'],
  ] as const) {
    const response = await fetch(url(path), { method });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      data: { errorCode: 100, message: 'Key not found', cause: '/none', index: expect.any(Number) },
    });
  }
});

test('GET / lists the shards and their slots', async () => {
  const { servers, shards } = (await json('/')) as { servers: string[]; shards: { slots: number }[] };
  expect(servers).toEqual(['etcd-1', 'etcd-2', 'etcd-3']);
  expect(shards.reduce((sum, { slots }) => sum + slots, 0)).toBe(1024);
});

const kv = (key: string, init?: RequestInit) => fetch(url(`/v1/kv/${encodeURIComponent(key)}`), init);
const put = (key: string, body: string | Buffer, headers: Record<string, string> = {}) =>
  kv(key, { method: 'PUT', body, headers });

test('values are bytes: what goes in comes out, whatever the size and the key', async () => {
  const keys = ['a/b', 'snow ☃', '🦉', '%', '?x=1', '{tag}rest', ' ', 'k'.repeat(1024), 'é'.repeat(512)];
  for (const key of keys) {
    for (const length of [0, 1, 4096, 4097, 70_000]) {
      const value = Buffer.from(Array.from({ length }, (_, index) => (index * 31) & 255));
      expect((await put(key, value)).status).toBe(204);
      const answer = await kv(key);
      expect(answer.status).toBe(200);
      expect(Buffer.from(await answer.arrayBuffer()).equals(value)).toBe(true);
    }
  }
});

test('the ETag is the version, and conditions guard writes', async () => {
  const first = await put('guarded', 'one', { 'if-none-match': '*' });
  expect(first.status).toBe(201);
  const etag = first.headers.get('etag')!;
  expect((await kv('guarded')).headers.get('etag')).toBe(etag);
  expect((await kv('guarded', { headers: { 'if-none-match': etag } })).status).toBe(304);
  const refused = await put('guarded', 'two', { 'if-none-match': '*' });
  expect(refused.status).toBe(412);
  expect(refused.headers.get('etag')).toBe(etag);
  expect(await refused.json()).toMatchObject({ error: { code: 'condition_failed', definite: true } });
  const second = await put('guarded', 'two', { 'if-match': etag });
  expect(second.status).toBe(204);
  expect((await put('guarded', 'three', { 'if-match': etag })).status).toBe(412);
  expect((await kv('guarded', { method: 'DELETE', headers: { 'if-match': etag } })).status).toBe(412);
  expect(
    (await kv('guarded', { method: 'DELETE', headers: { 'if-match': second.headers.get('etag')! } })).status,
  ).toBe(204);
  expect((await put('guarded', 'four', { 'if-match': '*' })).status).toBe(412);
  expect((await kv('guarded')).status).toBe(404);
  expect((await kv('guarded', { method: 'DELETE' })).status).toBe(404);
});

test('version 0 is the version of no key, not even of one that is missing', async () => {
  const headers = { 'if-match': '"0"' };
  expect((await kv('never-made', { method: 'PUT', headers })).status).toBe(412);
  expect((await kv('never-made', { method: 'DELETE', headers })).status).toBe(404);
  expect((await kv('never-made')).status).toBe(404);
});

test('of many conditional writes at one time exactly one wins', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => put('race', 'x', { 'if-none-match': '*' })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 201)).toHaveLength(1);
  expect(statuses.filter((status) => status === 412)).toHaveLength(49);
});

test('writes of one key at one time all get versions of their own', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => put('same', String(index))));
  expect(new Set(answers.map((answer) => answer.headers.get('etag'))).size).toBe(40);
});

const postBatch = (operations: readonly object[]) =>
  json('/v1/batch', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operations }),
  });

test('a batch carries out operations on one key in order and gives each its outcome', async () => {
  const operations = [
    { op: 'put', key: 'b1', value: 'one' },
    { op: 'get', key: 'b1' },
    { op: 'put', key: 'b1', value: 'AP8=', encoding: 'base64' },
    { op: 'get', key: 'b1', encoding: 'base64' },
    { op: 'put', key: 'b1', value: 'x', ifAbsent: true },
    { op: 'delete', key: 'b1' },
    { op: 'get', key: 'b1' },
  ];
  const { results } = (await postBatch(operations)) as {
    results: object[];
  };
  expect(results).toMatchObject([
    { status: 204 },
    { status: 200, value: 'one' },
    { status: 204 },
    { status: 200, value: 'AP8=' },
    { status: 412, error: { definite: true } },
    { status: 204 },
    { status: 404 },
  ]);
});

test('a batch answers at most 8 MiB of JSON and refuses the values that are over', async () => {
  await put('mib', Buffer.alloc(1024 * 1024));
  const operations = Array.from({ length: 40 }, () => ({ op: 'get', key: 'mib', encoding: 'base64' }));
  const { results } = (await postBatch(operations)) as {
    results: { status: number }[];
  };
  expect(results.filter(({ status }) => status === 200)).toHaveLength(5);
  expect(results.filter(({ status }) => status === 413)).toHaveLength(35);
});

test('the description of the API is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(await json('/openapi.json'));
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test('metrics count requests by route, method and class of status, and never by key', async () => {
  await put('secret-key-name', 'v');
  const text = await (await fetch(url('/metrics'))).text();
  expect(text).toMatch(/vase_request_duration_seconds_count\{route="kv",method="PUT",code="2xx"\} [1-9]/);
  expect(text).toMatch(/vase_batch_operations_bucket\{le="1",shard="[1-9]",lane="write"\} [1-9]/);
  expect(text).toMatch(
    /vase_etcd_call_duration_seconds_count\{shard="1",lane="(read|write)",outcome="reply"\} [1-9]/,
  );
  expect(text).toMatch(/vase_view_epoch 1/);
  expect(text).toMatch(/vase_queued_operations\{shard="3",lane="read"\} 0/);
  expect(text).not.toContain('secret-key-name');
});
