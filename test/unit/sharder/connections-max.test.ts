/** A port takes so many connections and no more: those beyond it are closed and counted, and the others are served. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { connectionsMax } from '../../../sharder/http/kept-connections.ts';
import { refusedConnections } from '../../../sharder/http/server.ts';
import { type ServedStore, serveMemoryStore } from '../../support/memory-store.ts';

let served: ServedStore;

beforeEach(async () => {
  served = await serveMemoryStore();
});
afterEach(() => served.close());

async function open(): Promise<Socket> {
  const socket = connect(served.port, '127.0.0.1').on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket): Promise<string> {
  socket.write('GET /v1/kv/missing HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  return bytes.toString('latin1', 0, 12);
}

test('a server takes as many as keep it within its memory', () => {
  expect(served.server.maxConnections).toBe(connectionsMax);
});

test('one too many is closed and counted, and a place that becomes free is taken', async () => {
  served.server.maxConnections = 2;
  const [first, second] = [await open(), await open()];
  expect(await ask(first)).toBe('HTTP/1.1 404');
  const third = await open();
  await once(third, 'close');
  expect(refusedConnections(served.server)).toBe(1);
  expect(await ask(second)).toBe('HTTP/1.1 404');
  first.destroy();
  const count = () =>
    new Promise((resolve) => served.server.getConnections((_, connections) => resolve(connections)));
  await expect.poll(count).toBe(1);
  expect(await ask(await open())).toBe('HTTP/1.1 404');
});
