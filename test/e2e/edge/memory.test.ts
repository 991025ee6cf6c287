/** What clients can make a real sharder hold: whatever they do, others are served and the sharder's memory stays bounded. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Edge, openEdge, peakBytesMax, portOf } from './open-edge.ts';

let edge: Edge;
let keyOf: Map<string, string>;
const mib = 1024 * 1024;
const json = { 'content-type': 'application/json' };

const put = (key: string, body: string | Buffer) =>
  fetch(`${edge.user}/v1/kv/${key}`, { method: 'PUT', body });
const batch = (operations: object[], signal?: AbortSignal) =>
  fetch(`${edge.user}/v1/batch`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ operations }),
    ...(signal ? { signal } : {}),
  });

beforeAll(async () => {
  edge = await openEdge({ shards: 2, members: 1 });
  expect((await put('large', Buffer.alloc(mib, 'x'))).ok).toBe(true);
  // A three-byte character in front: a text that is not Latin-1 takes twice the memory as a string.
  expect((await put('control', Buffer.from(`€${'\x01'.repeat(mib - 3)}`))).ok).toBe(true);
  keyOf = new Map();
  for (let number = 0; keyOf.size < 2; number++) {
    keyOf.set((await put(`key-${number}`, '0')).headers.get('vase-shard')!, `key-${number}`);
  }
});

afterAll(() => edge.close());

afterEach(async () => {
  await edge.expectNothingHeld();
  await edge.expectServing();
  const peak = edge.peakBytes();
  if (peak !== null) expect(peak).toBeLessThan(peakBytesMax);
});

async function open(text: string): Promise<Socket> {
  const socket = connect(portOf(edge.user), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  await new Promise((resolve) => socket.write(text, resolve));
  return socket;
}
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('clients that hang up before a large answer comes take nothing with them', async () => {
  for (let number = 0; number < 150; number++) {
    const socket = await open(get('/v1/kv/large'));
    await sleep(number % 8);
    socket.resetAndDestroy();
  }
  await edge.expectNothingHeld();
  for (let number = 0; number < 10; number++) {
    const response = await fetch(`${edge.user}/v1/kv/large`);
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
});

test('what a batch holds is its JSON: values that can never fit are too large, and nobody is told to try again', async () => {
  const gets = Array.from({ length: 16 }, () => ({ op: 'get', key: 'control' }));
  const answers = await Promise.all(Array.from({ length: 4 }, () => batch(gets)));
  for (const answer of answers) {
    expect(answer.status).toBe(200);
    const { results } = (await answer.json()) as { results: { status: number }[] };
    expect(results.map(({ status }) => status)).toEqual([200, ...Array.from({ length: 15 }, () => 413)]);
  }
});

test('a write whose answer would be too long is answered, without its values', async () => {
  const path = 'control-twice';
  const value = '\x01'.repeat(mib);
  const set = () =>
    fetch(`${edge.user}/set`, { method: 'PUT', headers: json, body: JSON.stringify({ path, value }) });
  expect(await (await set()).json()).toMatchObject({ data: { node: { value } } });
  const second = (await (await set()).json()) as { data: { node: object; prevNode: object } };
  expect(second).toMatchObject({ values: expect.stringMatching(/^left out/), data: { action: 'set' } });
  expect(second.data.node).not.toHaveProperty('value');
  expect(second.data.prevNode).not.toHaveProperty('value');
});

test('a body of millions of objects is refused before it is parsed', async () => {
  const body = `{"operations":[${'{},'.repeat(2_700_000)}{}]}`;
  for (let attempt = 0; attempt < 5; attempt++) {
    const answer = await fetch(`${edge.user}/v1/batch`, { method: 'POST', headers: json, body });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({
      error: { message: expect.stringContaining('more than 1001 objects') },
    });
  }
});

test('readers that read nothing do not stop the others, and are cut off', async () => {
  const readers = await Promise.all(Array.from({ length: 4 }, () => open(get('/v1/kv/large').repeat(30))));
  const closed = readers.map((socket) => once(socket, 'close'));
  for (const socket of readers) socket.pause();
  for (let second = 0; second < 5; second++) {
    for (const answer of await Promise.all([put('small', '1'), put('small-2', 'x'.repeat(10_000))]))
      expect(answer.ok).toBe(true);
    await sleep(1000);
  }
  await edge.expectNothingHeld();
  for (const socket of readers) socket.resume();
  await Promise.all(closed);
});

test('a shard that does not answer does not take the requests of the others along', async () => {
  await edge.cluster.provider.faults.pause('etcd-2-0');
  const abort = new AbortController();
  const waiting: Promise<unknown>[] = [];
  try {
    const value = 'x'.repeat(1_000_000);
    const puts = Array.from({ length: 7 }, () => ({ op: 'put', key: keyOf.get('etcd-2'), value }));
    for (let number = 0; number < 8; number++) waiting.push(batch(puts, abort.signal).catch(() => null));
    for (let attempt = 0; attempt < 8; attempt++) {
      const answer = await put(keyOf.get('etcd-1')!, '1'.repeat(10_000));
      expect(answer.ok, await answer.text()).toBe(true);
      await sleep(500);
    }
  } finally {
    await edge.cluster.provider.faults.resume('etcd-2-0');
    abort.abort();
    await Promise.all(waiting);
  }
});

test('a CONNECT whose answer nobody reads ends neither server', async () => {
  for (const url of [edge.user, edge.admin, edge.view]) {
    for (let attempt = 0; attempt < 5; attempt++) {
      const socket = connect(portOf(url), '127.0.0.1');
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.pause();
      socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
      await sleep(50);
      socket.resetAndDestroy();
    }
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  }
});
