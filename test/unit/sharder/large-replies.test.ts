/** Replies for which there is no room: a read is refused, a write that was applied is never said not to be. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { KeyState, Operation, Outcome } from '../../../sharder/core/operation.ts';
import type { Store } from '../../../sharder/core/store.ts';
import { createApp } from '../../../sharder/http/app.ts';
import { BodyBudget } from '../../../sharder/http/read-body.ts';
import { RequestMetrics } from '../../../sharder/http/request-metrics.ts';
import { createHttpServer } from '../../../sharder/http/server.ts';

/** Room for one value of `large` and not for two. */
const budgetBytes = 150_000;
const large = 'v'.repeat(100_000);

let kept: Map<string, KeyState>;
let server: Server;

/** A store in memory, of what the routes use. */
const store = {
  async execute(operation: Operation): Promise<Outcome> {
    const previous = kept.get(operation.key) ?? null;
    const version = 7;
    const place = { shard: 1, slot: 3, epoch: 1 };
    switch (operation.kind) {
      case 'get':
        return { kind: 'ok', result: { kind: 'get', state: previous, version }, place };
      case 'put':
        kept.set(operation.key, { value: operation.value, version, createdVersion: version });
        return { kind: 'ok', result: { kind: 'put', version, previous }, place };
      case 'delete':
        kept.delete(operation.key);
        return {
          kind: 'ok',
          result: { kind: 'delete', deleted: previous !== null, version, previous },
          place,
        };
    }
  },
} as Store;

beforeEach(async () => {
  kept = new Map();
  const app = createApp({
    context: { store, limits: defaultLimits, budget: new BodyBudget(budgetBytes) },
    probes: new Map(),
    metrics: new RequestMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
  });
  server = createHttpServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function send(method: string, path: string, body?: object): Promise<{ status: number; body: object }> {
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { status: response.status, body: (await response.json()) as object };
}

const keep = (key: string, value: string) =>
  kept.set(key, { value: Buffer.from(value), version: 5, createdVersion: 5 });

test('a set that was applied is answered 200 without its values when there is no room for them', async () => {
  keep('k', large);
  const { status, body } = await send('PUT', '/set', { path: 'k', value: large });
  expect(status).toBe(200);
  expect(body).toEqual({
    data: {
      action: 'set',
      node: { key: '/k', modifiedIndex: 7, createdIndex: 5 },
      prevNode: { key: '/k', modifiedIndex: 5, createdIndex: 5 },
    },
    server: 'etcd-1',
    shard: { id: 1, slot: 3, epoch: 1 },
    values: 'left out: too many large replies are under way',
  });
});

test('a set whose reply there is room for is answered with its values', async () => {
  const { body } = await send('PUT', '/set', { path: 'k', value: large });
  expect(body).toMatchObject({ data: { node: { value: large } } });
  expect(body).not.toHaveProperty('values');
});

test('a delete that was applied is answered 200 without the previous value when there is no room for it', async () => {
  keep('k', large + large);
  const { status, body } = await send('DELETE', '/delete/k');
  expect(status).toBe(200);
  expect(body).toMatchObject({ data: { action: 'delete', prevNode: { key: '/k', modifiedIndex: 5 } } });
  expect(body).not.toHaveProperty('data.prevNode.value');
  expect(kept.has('k')).toBe(false);
});

test('a batch that has written says so for each write when there is no room for what it has read', async () => {
  keep('old', large + large);
  const operations = [
    { op: 'put', key: 'new', value: 'v' },
    { op: 'get', key: 'old' },
    { op: 'get', key: 'none' },
  ];
  const { status, body } = await send('POST', '/v1/batch', { operations });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    results: [
      { status: 204, version: 7 },
      { status: 429, error: { code: 'overloaded', definite: true } },
      { status: 404, error: { code: 'key_not_found', definite: true } },
    ],
  });
  expect(kept.has('new')).toBe(true);
});

test('a read and a batch of reads are refused when there is no room for what they read', async () => {
  keep('k', large + large);
  const refused = { status: 429, body: { error: { code: 'overloaded', definite: true } } };
  expect(await send('GET', '/get/k')).toMatchObject(refused);
  expect(await send('POST', '/v1/batch', { operations: [{ op: 'get', key: 'k' }] })).toMatchObject(refused);
});
