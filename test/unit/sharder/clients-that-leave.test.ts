/** What clients that leave, stall or read nothing cost the others: against a real server in this process. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { serveMemoryStore, type ServedStore } from '../../support/memory-store.ts';

let served: ServedStore;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  served.close();
});

const url = (path: string) => `http://127.0.0.1:${served.port}${path}`;
const held = () => Object.values(served.budgets).map(({ heldBytes, holds }) => [heldBytes, holds]);
const nothing = [
  [0, 0],
  [0, 0],
];

async function open(text: string): Promise<Socket> {
  const socket = connect(served.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(text);
  return socket;
}

const upload = (headers: string, part: string) =>
  `PUT /v1/kv/k HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers}\r\n\r\n${part}`;
const part = 'x'.repeat(90_000);

test.each([
  ['a reset', upload('Content-Length: 100000', part), (socket: Socket) => socket.resetAndDestroy()],
  ['a FIN', upload('Content-Length: 100000', part), (socket: Socket) => socket.destroy()],
  ['a half-close', upload('Content-Length: 100000', part), (socket: Socket) => socket.end()],
  [
    'chunks, a FIN',
    upload('Transfer-Encoding: chunked', `186a0\r\n${part}`),
    (socket: Socket) => socket.destroy(),
  ],
  [
    'no chunk',
    upload('Transfer-Encoding: chunked', `15f90\r\n${part}\r\n`),
    (socket: Socket) => socket.write('zz\r\n'),
  ],
  [
    'a CONNECT',
    upload('Transfer-Encoding: chunked', `15f90\r\n${part}\r\n`),
    (socket: Socket) => socket.write('CONNECT'),
  ],
])('an upload that ends by %s gives back what it took', async (_way, text, end) => {
  served = await serveMemoryStore();
  const socket = await open(text);
  await expect.poll(held).not.toEqual(nothing);
  end(socket);
  await expect.poll(held).toEqual(nothing);
  expect(served.store.asked).toEqual([]);
});

test('an upload that stalls gives back what it took when its time is over', async () => {
  served = await serveMemoryStore(undefined, { headersMs: 300, requestMs: 600, stalledMs: 10_000 });
  const socket = await open(upload('Content-Length: 100000', part));
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  await expect.poll(held).not.toEqual(nothing);
  await expect.poll(held).toEqual(nothing);
  await expect.poll(() => text).toContain('HTTP/1.1 408');
});

test('a body in tiny pieces is held as what it takes of memory, and is whole in the end', async () => {
  served = await serveMemoryStore();
  const socket = await open('PUT /v1/kv/k HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n');
  const pieces = Array.from({ length: 3000 }, (_, index) => String(index % 10));
  for (const piece of pieces) socket.write(`1\r\n${piece}\r\n`);
  socket.write('0\r\n\r\n');
  await once(socket, 'data');
  expect(Buffer.from(served.store.kept.get('k')!.value).toString()).toBe(pieces.join(''));
  await expect.poll(held).toEqual(nothing);
});

test('who hangs up is known to the store, and what was held for its operation is given back', async () => {
  served = await serveMemoryStore();
  served.store.gate = new Promise(() => undefined);
  const text = `PUT /v1/kv/dead HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${part.length}\r\n\r\n${part}`;
  const socket = await open(text);
  await expect.poll(() => served.store.asked.length).toBe(1);
  expect([...served.budgets.bodies.heldByParty.keys()]).toEqual(['etcd-2']);
  const { client } = served.store.asked[0]!.options;
  expect(client!.gone).toBe(false);
  socket.resetAndDestroy();
  await expect.poll(() => client!.gone).toBe(true);
  await expect.poll(held).toEqual(nothing);
});

test('large replies that nobody takes are given back when their reader is cut off, and others get theirs', async () => {
  served = await serveMemoryStore(32 * 1024 * 1024, {
    headersMs: 10_000,
    requestMs: 30_000,
    stalledMs: 1000,
  });
  served.store.keep('large', 'x'.repeat(1024 * 1024));
  const readers = await Promise.all(
    Array.from({ length: 3 }, () => open('GET /v1/kv/large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(30))),
  );
  const closed = readers.map((socket) => once(socket, 'close'));
  for (const socket of readers) socket.pause();
  await expect.poll(() => served.budgets.replies.heldBytes).toBeGreaterThan(4_000_000);
  const { limitBytes } = served.budgets.replies;
  for (let attempt = 0; attempt < 10; attempt++) {
    const response = await fetch(url('/v1/kv/large'));
    expect(response.status).toBe(200);
    expect((await response.arrayBuffer()).byteLength).toBe(1024 * 1024);
    expect(served.budgets.replies.heldBytes).toBeLessThanOrEqual(limitBytes);
  }
  await expect.poll(held).toEqual(nothing);
  for (const socket of readers) socket.resume();
  await Promise.all(closed);
});

test('who waits for a slow answer without a byte to or fro is not cut off', async () => {
  served = await serveMemoryStore(undefined, { headersMs: 10_000, requestMs: 30_000, stalledMs: 300 });
  let goOn = () => undefined as void;
  served.store.gate = new Promise((resolve) => (goOn = resolve));
  const answer = fetch(url('/v1/kv/dead'));
  await expect.poll(() => served.store.asked.length).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  goOn();
  expect((await answer).status).toBe(404);
});

test('work for a shard that does not answer leaves room for the others', async () => {
  served = await serveMemoryStore(8 * 1024 * 1024);
  served.store.gate = new Promise(() => undefined);
  const abort = new AbortController();
  const put = (key: string, bytes: number) =>
    fetch(url(`/v1/kv/${key}`), { method: 'PUT', body: Buffer.alloc(bytes), signal: abort.signal });
  const waiting = Array.from({ length: 4 }, (_, index) => put(`dead-${index}`, 1_000_000).catch(() => null));
  await expect.poll(() => served.store.asked.length).toBe(4);
  expect((await put('dead-5', 1_000_000)).status).toBe(429);
  for (let attempt = 0; attempt < 5; attempt++) expect((await put('alive', 900_000)).status).toBe(204);
  abort.abort();
  await Promise.all(waiting);
  await expect.poll(held).toEqual(nothing);
});

test('a body that can never fit is too large, whatever the state of the budget', async () => {
  served = await serveMemoryStore(1_000_000);
  const response = await fetch(url('/v1/kv/k'), { method: 'PUT', body: Buffer.alloc(900_000) });
  expect(response.status).toBe(413);
});
