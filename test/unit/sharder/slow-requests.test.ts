import { createServer, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, expect, test } from 'vitest';
import type { Spent } from '../../../sharder/core/client.ts';
import { createPending, tellIfSlow } from '../../../sharder/core/pending.ts';
import { noteSpent, SlowRequests } from '../../../sharder/http/slow-requests.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: (response: ServerResponse) => void): Promise<number> {
  server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server!.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

function logged() {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { lines, slow: new SlowRequests(logger) };
}

const request = { requestId: 'a-1', route: 'kv', method: 'PUT', status: 204 };

test('a slow request says where its time went, and a quick one nothing', async () => {
  const { lines, slow } = logged();
  const port = await serve((response) => {
    const spent: Spent = {
      shard: 2,
      lane: 'write',
      queuedAtMs: 5300,
      endedAtMs: 6900,
      laneMs: 400,
      etcdMs: 1200,
    };
    expect(slow.concerns(response, 3)).toBe(false);
    noteSpent(response.req.socket, spent);
    slow.note(response, 5000, 6950, request);
    // Of the request before on this connection.
    slow.note(response, 8000, 9500, { ...request, requestId: 'a-2' });
    response.end();
  });
  await fetch(`http://127.0.0.1:${port}/`);
  expect(lines).toMatchObject([
    {
      ...request,
      level: 40,
      msg: 'slow request',
      totalMs: 1950,
      bodyMs: 300,
      shard: 2,
      laneMs: 400,
      etcdMs: 1200,
    },
    { requestId: 'a-2', totalMs: 1500 },
  ]);
  expect(lines[1]).not.toHaveProperty('etcdMs');
});

test('there are no more lines than somebody can read, and the next says how many are left out', async () => {
  const { lines, slow } = logged();
  const port = await serve((response) => {
    for (let number = 0; number < 100; number++) slow.note(response, 0, 2000 + number, request);
    slow.note(response, 2000, 4000, request);
    response.end();
  });
  await fetch(`http://127.0.0.1:${port}/`);
  expect(lines).toHaveLength(6);
  expect(lines[5]).toMatchObject({ leftOut: 95 });
});

test('a client that does not take its answer is seen by the time of sending', async () => {
  const { lines, slow } = logged();
  const port = await serve((response) => {
    const startedAtMs = performance.now();
    response.end(Buffer.alloc(32 * 1024 * 1024));
    const endedAtMs = performance.now();
    expect(slow.concerns(response, 1)).toBe(true);
    slow.note(response, endedAtMs - Math.min(500, endedAtMs - startedAtMs), endedAtMs, request);
    setTimeout(() => socket.resume(), 1500);
  });
  const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'));
  socket.pause();
  await expect.poll(() => lines.length, { timeout: 20_000 }).toBe(1);
  socket.destroy();
  expect(lines[0]).toMatchObject(request);
  expect(lines[0]!['sendMs']).toBeGreaterThanOrEqual(1000);
});

test('an operation that was slow tells its client once what it waited for', () => {
  const told: Spent[] = [];
  const client = { gone: false, onSlow: (spent: Spent) => void told.push(spent) };
  const pending = createPending({ kind: 'get', key: 'k' }, 1, 9000, () => undefined, client);
  tellIfSlow(pending, 3, 5000);
  pending.queuedAtMs = 1000;
  tellIfSlow(pending, 3, 1900);
  expect(told).toEqual([]);
  pending.sentAtMs = 1800;
  tellIfSlow(pending, 3, 2500);
  expect(told).toEqual([
    { shard: 3, lane: 'read', queuedAtMs: 1000, endedAtMs: 2500, laneMs: 800, etcdMs: 700 },
  ]);
  pending.settle = null;
  tellIfSlow(pending, 3, 2600);
  expect(told).toHaveLength(1);
});
