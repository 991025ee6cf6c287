/** The bounds of a real sharder: full queues answer 429 and recover, slow bodies 408, and a stop drains. */
import { once } from 'node:events';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultLimits } from '../../sharder/core/limits.ts';
import { GrpcEtcdRpc } from '../../sharder/etcd/grpc-rpc.ts';
import { createApp } from '../../sharder/http/app.ts';
import { RequestMetrics } from '../../sharder/http/request-metrics.ts';
import { createHttpServer } from '../../sharder/http/server.ts';
import { budgetsOf } from '../support/budgets.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { sendRaw } from '../support/raw-request.ts';
import { createRealStore } from '../support/real-store.ts';

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 1, members: 1, sharders: 2 });
});

afterAll(() => cluster.close());

test('a full queue answers 429, what waits ends in time, and afterwards all is well', async () => {
  await cluster.provider.faults.pause('etcd-1-0');
  const batches = Array.from({ length: 12 }, (_, number) =>
    postBatch(
      Array.from({ length: 1000 }, (_unused, index) => ({
        op: 'put',
        key: `full-${number}-${index}`,
        value: 'v',
      })),
    ),
  );
  const results = (await Promise.all(batches)).flat();
  await cluster.provider.faults.resume('etcd-1-0');
  const count = (status: number) => results.filter((result) => result.status === status).length;
  expect(count(429)).toBeGreaterThan(0);
  expect(count(429) + count(503) + count(504)).toBe(results.length);
  for (const { status, error } of results) expect(error?.definite).toBe(status !== 504);
  const put = await fetch(`${cluster.endpoint}/v1/kv/after`, { method: 'PUT', body: 'v' });
  expect(put.status).toBe(204);
});

interface Result {
  status: number;
  error?: { definite: boolean };
}

async function postBatch(operations: object[]): Promise<Result[]> {
  const response = await fetch(`${cluster.endpoint}/v1/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ operations }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { results: Result[] }).results;
}

test('a body that comes too slowly gets 408, one that is too many for the budget 429, and one that never fits 413', async () => {
  const rpc = new GrpcEtcdRpc();
  const home = (await cluster.provider.status()).shards[0]!.members.map((member) => member.endpoint);
  const store = createRealStore({ rpc, home });
  expect(await store.ready()).toBe(true);
  const budgets = budgetsOf(200_000);
  const app = createApp({
    context: { store, limits: defaultLimits, budgets },
    probes: new Map(),
    metrics: new RequestMetrics(new Registry()),
    logger: pino({ level: 'silent' }),
  });
  const server = createHttpServer(app, { headersMs: 500, requestMs: 1000, stalledMs: 10_000 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const slow = Buffer.from('PUT /v1/kv/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\nabc');
  expect((await sendRaw(port, slow, { keepOpen: true })).status).toBe(408);
  const put = (bytes: number) =>
    fetch(`http://127.0.0.1:${port}/v1/kv/big`, { method: 'PUT', body: Buffer.alloc(bytes) });
  expect((await put(110_000)).status).toBe(413);
  const half = Buffer.from(
    `PUT /v1/kv/slow HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90000\r\n\r\n${'x'.repeat(80_000)}`,
  );
  const slowOnes = sendRaw(port, half, { keepOpen: true });
  await expect.poll(() => budgets.bodies.heldBytes, { interval: 5 }).toBeGreaterThanOrEqual(80_000);
  expect((await put(90_000)).status).toBe(429);
  expect((await slowOnes).status).toBe(408);
  expect((await put(90_000)).status).toBe(204);
  // The budget was given back.
  expect((await put(90_000)).status).toBe(204);
  server.closeAllConnections();
  server.close();
  store.close();
  rpc.close();
});

test('a stopping sharder finishes the request under way, then leaves with 0; the other goes on', async () => {
  const { sharders } = await cluster.provider.status();
  const [first] = sharders;
  const { url } = (await cluster.provider.sharderDoors()).find(({ sharder }) => sharder === first!.name)!;
  const call = request(`${url}/v1/kv/last`, {
    method: 'PUT',
    headers: { 'content-length': 4 },
  });
  call.write('ab');
  await once(call, 'socket').then(([socket]) => (socket.connecting ? once(socket, 'connect') : undefined));
  await untilServed(url);
  process.kill(first!.pid!, 'SIGTERM');
  await untilRefused(url);
  call.end('cd');
  const [response] = await once(call, 'response');
  expect(response.statusCode).toBe(204);
  response.resume();
  await untilGone(first!.pid!);
  const read = await fetch(`${cluster.endpoint}/v1/kv/last`);
  expect(await read.text()).toBe('abcd');
});

/** The process has read all bytes sent to it before: it serves its connections in turn. */
async function untilServed(door: string): Promise<void> {
  expect((await fetch(`${door}/readyz`)).status).toBe(200);
}

async function untilRefused(door: string): Promise<void> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const accepted = await fetch(`${door}/readyz`, { headers: { connection: 'close' } }).then(
      (response) => response.ok,
      () => false,
    );
    if (!accepted) return;
  }
  throw new Error('the sharder still takes connections');
}

async function untilGone(pid: number): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (performance.now() < deadlineMs) {
    const { sharders } = await cluster.provider.status();
    if (!sharders.some((sharder) => sharder.pid === pid && sharder.process === 'running')) return;
  }
  throw new Error(`process ${pid} is still there`);
}
