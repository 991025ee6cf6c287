/** How connections end: refused uploads, CONNECT, garbage and resets, against a real server in this process. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { serveMemoryStore, type ServedStore } from '../../support/memory-store.ts';

let served: ServedStore;

beforeEach(async () => {
  served = await serveMemoryStore();
});

afterEach(() => served.close());

const body = Buffer.alloc(8 * 1024 * 1024, 'x');

/** The status, or why there is none. */
type Client = (method: string, path: string) => Promise<number | string>;

const withFetch: Client = async (method, path) => {
  const init: RequestInit = { method, body };
  try {
    const response = await fetch(`http://127.0.0.1:${served.port}${path}`, init);
    await response.arrayBuffer();
    return response.status;
  } catch (error) {
    return String((error as Error).cause);
  }
};

const withRequest: Client = (method, path) =>
  new Promise((resolve) => {
    const headers = { 'content-length': body.length };
    const call = request({ port: served.port, method, path, headers, agent: false }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
      response.on('error', (error) => resolve(String(error)));
    });
    call.on('error', (error) => resolve(String(error)));
    call.end(body);
  });

/** As Go's client does it: writes all of it, whatever comes back, and believes what it reads before an error. */
const withSocket: Client = (method, path) =>
  new Promise((resolve) => {
    let text = '';
    const socket = connect(served.port, '127.0.0.1');
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    socket.on('error', (error) => resolve(String(error)));
    socket.on('close', () => resolve(Number(text.slice(9, 12))));
    socket.write(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write(`${body.length.toString(16)}\r\n`);
    socket.end(Buffer.concat([body, Buffer.from('\r\n0\r\n\r\n')]));
  });

test.each([
  ['PUT', '/v1/kv/too-large', 413],
  ['PUT', '/set', 415],
  ['PUT', '/nowhere', 405],
  ['POST', '/v1/nowhere', 404],
  ['PUT', '/v1/kv/a%00b', 400],
])('%s %s of 8 MiB: every ordinary client gets its %d', async (method, path, status) => {
  for (const client of [withFetch, withRequest, withSocket]) {
    for (let attempt = 0; attempt < 5; attempt++) expect(await client(method, path)).toBe(status);
  }
});

const open = async (text: string): Promise<Socket> => {
  const socket = connect(served.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.write(text, resolve));
  return socket;
};
const connections = () =>
  new Promise<number>((resolve) => served.server.getConnections((_error, count) => resolve(count)));

test.each([
  'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
  'GARBAGE\r\n\r\n',
  'GET / HTTP/1.1\r\nX: \u0001\r\n\r\n',
])('nobody reads the answer to %j, and the connection is reset: the server lives', async (text) => {
  for (let attempt = 0; attempt < 10; attempt++) {
    const socket = await open(text);
    socket.pause();
    // So that there is an answer on its way.
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.resetAndDestroy();
  }
  await expect.poll(connections).toBe(0);
  expect((await fetch(`http://127.0.0.1:${served.port}/v1/kv/none`)).status).toBe(404);
});

test('a CONNECT whose client neither reads nor leaves does not keep its connection', async () => {
  const sockets = await Promise.all(
    Array.from({ length: 20 }, () => open('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n')),
  );
  for (const socket of sockets) socket.pause();
  await expect.poll(connections).toBe(0);
  for (const socket of sockets) socket.destroy();
});

test('a client that is refused and never stops sending is cut off', async () => {
  const socket = await open(
    'PUT /v1/kv/a HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000000\r\n\r\n',
  );
  const closed = once(socket, 'close');
  let isOpen = true;
  void closed.then(() => (isOpen = false));
  let sent = 0;
  socket.resume();
  while (isOpen && sent < 1000) {
    sent++;
    if (!socket.write(Buffer.alloc(1024 * 1024)))
      await Promise.race([once(socket, 'drain'), closed]).catch(() => undefined);
  }
  await closed;
  expect(sent).toBeLessThan(200);
  await expect.poll(connections).toBe(0);
});

test('an answer is not taken for that of the request before, when a CONNECT follows it', async () => {
  let goOn = () => undefined as void;
  served.store.gate = new Promise((resolve) => (goOn = resolve));
  const socket = await open(
    'GET /v1/kv/dead HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nCONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
  );
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  await once(socket, 'close');
  goOn();
  expect(text).toBe('');
});
