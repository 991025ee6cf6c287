/** A head that is joined here says what Node's own would: the same request answered both ways. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectionOf } from '../../../sharder/http/connection.ts';
import { type ServedStore, serveMemoryStore } from '../../support/memory-store.ts';

let served: ServedStore;
let accepted: Socket;

beforeAll(async () => {
  served = await serveMemoryStore();
  served.server.on('connection', (socket: Socket) => (accepted = socket));
  await exchange('PUT /v1/kv/small HTTP/1.1', 'five!');
  await exchange('PUT /v1/kv/empty HTTP/1.1', '');
  await exchange('PUT /v1/kv/large HTTP/1.1', 'x'.repeat(10_000));
});
afterAll(() => served.close());

/** All bytes that come back on a connection of its own, which the client ends when it has been silent after an answer. */
async function exchange(line: string, body: string | null, ...headers: string[]): Promise<string> {
  const socket = connect(served.port, '127.0.0.1');
  const length = body === null ? [] : [`content-length: ${body.length}`];
  socket
    .setEncoding('latin1')
    .write([line, 'host: localhost', ...length, ...headers, '', body ?? ''].join('\r\n'));
  let text = '';
  socket.on('data', (chunk: string) => (text += chunk));
  await once(socket, 'data');
  const declared = Number(/content-length: ([0-9]+)/i.exec(text)?.[1] ?? 0);
  const expected = line.startsWith('HEAD') ? 0 : declared;
  while (!socket.closed && text.length < text.indexOf('\r\n\r\n') + 4 + expected) await once(socket, 'data');
  socket.destroy();
  return text;
}

const comparable = (answer: string) =>
  answer
    .replace(/date: [^\r]+/i, 'date')
    .replace(/x-request-id: [^\r]+/, 'x-request-id')
    .replace(/etag: [^\r]+/, 'etag');

test.each([
  ['GET /v1/kv/small HTTP/1.1', null],
  ['GET /v1/kv/empty HTTP/1.1', null],
  ['GET /v1/kv/large HTTP/1.1', null],
  ['HEAD /v1/kv/large HTTP/1.1', null],
  ['GET /v1/kv/missing HTTP/1.1', null],
  ['GET /v1/kv/small HTTP/1.0', null],
  ['PUT /v1/kv/other HTTP/1.1', 'value'],
  ['DELETE /v1/kv/other HTTP/1.1', null],
  ['OPTIONS /v1/kv/small HTTP/1.1', null],
  ['GET /get/small HTTP/1.1', null],
])('%s', async (line, body) => {
  for (const connection of ['keep-alive', 'close']) {
    if (line.startsWith('DELETE')) await exchange('PUT /v1/kv/other HTTP/1.1', 'value');
    const joined = await exchange(line, body, `connection: ${connection}`);
    if (line.startsWith('DELETE')) await exchange('PUT /v1/kv/other HTTP/1.1', 'value');
    // A header that is not known makes the head Node's.
    const own = await exchange(line, body, `connection: ${connection}`, 'x-unknown: 1');
    expect(joined).toMatch(/^HTTP\/1\.1 [0-9]{3} /);
    expect(comparable(joined)).toBe(comparable(own));
  }
});

test('a connection keeps nothing of a request that was answered', async () => {
  const socket = connect(served.port, '127.0.0.1');
  socket.write('GET /v1/kv/small HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await once(socket, 'data');
  expect(connectionOf(accepted).newest).toBeNull();
  expect(connectionOf(accepted).told).toBe(false);
  socket.destroy();
});
