/** Replies for which there is no room: a read is refused, a write that was applied is never said not to be. */
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectionOf } from '../../../sharder/http/connection.ts';
import { Lifetime } from '../../../sharder/http/lifetime.ts';
import { serveMemoryStore, type ServedStore } from '../../support/memory-store.ts';

/** Of which one request gets half at most: room for one value of `large` and not for two. */
const budgetBytes = 300_000;
const large = 'v'.repeat(100_000);

let served: ServedStore;

beforeEach(async () => {
  served = await serveMemoryStore(budgetBytes);
});

afterEach(() => served.close());

async function send(method: string, path: string, body?: object): Promise<{ status: number; body: object }> {
  const headers = { 'content-type': 'application/json' };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(`http://127.0.0.1:${served.port}${path}`, init);
  return { status: response.status, body: (await response.json()) as object };
}

const keep = (key: string, value: string) => served.store.keep(key, value);

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
    values: 'left out: too many large replies are under way, or this one would be too large',
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
  expect(served.store.kept.has('k')).toBe(false);
});

/** Another client's replies, of which one more value of `large` still fits when they have left. */
function occupy(): Lifetime {
  const lifetime = new Lifetime(connectionOf(new Socket()));
  expect(served.budgets.replies.take(lifetime, 'another client', 150_000)).not.toBeNull();
  return lifetime;
}

test('a batch that has written says so for each write when there is no room for what it has read', async () => {
  keep('old', large);
  const operations = [
    { op: 'put', key: 'new', value: 'v' },
    { op: 'get', key: 'old' },
    { op: 'get', key: 'none' },
  ];
  const others = occupy();
  const { status, body } = await send('POST', '/v1/batch', { operations });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    results: [
      { status: 204, version: 7 },
      { status: 429, error: { code: 'overloaded', definite: true } },
      { status: 404, error: { code: 'key_not_found', definite: true } },
    ],
  });
  expect(served.store.kept.has('new')).toBe(true);
  others.end();
  const { body: afterwards } = await send('POST', '/v1/batch', { operations });
  expect(afterwards).toMatchObject({
    results: [{ status: 204 }, { status: 200, value: large }, { status: 404 }],
  });
});

test('a read is refused while there is no room for what it reads, and one that never fits is too large', async () => {
  keep('k', large);
  const others = occupy();
  const error = { code: 'overloaded', definite: true };
  expect(await send('GET', '/get/k')).toMatchObject({ status: 429, body: { error } });
  others.end();
  expect(await send('GET', '/get/k')).toMatchObject({ status: 200 });
  keep('k', large + large);
  expect(await send('GET', '/get/k')).toMatchObject({ status: 413, body: { error: { code: 'too_large' } } });
});

test('what counts is the JSON: of the values of a batch those that fit are answered, and the others are too large', async () => {
  // Six bytes of JSON each.
  keep('control', '\u0001'.repeat(15_000));
  keep('small', 'v');
  const get = (key: string) => ({ op: 'get', key });
  const operations = [get('control'), get('control'), get('small')];
  expect(await send('POST', '/v1/batch', { operations })).toMatchObject({
    status: 200,
    body: {
      results: [{ status: 200 }, { status: 413, error: { definite: true } }, { status: 200, value: 'v' }],
    },
  });
});

test('nothing is held when all is answered', async () => {
  keep('k', large);
  await send('GET', '/get/k');
  await send('PUT', '/set', { path: 'k', value: large });
  await expect
    .poll(() => [served.budgets.bodies, served.budgets.replies].map((budget) => budget.heldBytes))
    .toEqual([0, 0]);
  expect([served.budgets.bodies, served.budgets.replies].map((budget) => budget.holds)).toEqual([0, 0]);
});
