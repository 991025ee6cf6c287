import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { readText } from '../../../../cluster/metrics/read-text.ts';

const bounds = { readMsMax: 4000, bytesMax: 100_000 };
let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  server = createServer((_request, response) => answer(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a text comes whole, in however many parts', async () => {
  const url = await serve((response) => {
    response.write('ein ');
    setImmediate(() => response.end('täxt'));
  });
  expect(await readText(url, bounds)).toBe('ein täxt');
});

test('a text without an end is left at its bound, and the connection is closed', async () => {
  let closed: Promise<unknown> | undefined;
  let sent = 0;
  const url = await serve((response) => {
    closed = once(response, 'close');
    const more = () => {
      while (!response.destroyed && response.write('x'.repeat(10_000))) sent += 10_000;
    };
    response.on('drain', more);
    more();
  });
  expect(await readText(url, bounds)).toBeNull();
  await closed;
  // What lies in buffers of the kernel and of both sides.
  expect(sent).toBeLessThan(20_000_000);
});

test('an answer that is no success is no text', async () => {
  const url = await serve((response) => response.writeHead(503).end('not yet'));
  expect(await readText(url, bounds)).toBeNull();
});
