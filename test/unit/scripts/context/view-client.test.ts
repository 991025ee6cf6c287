// The client of the view server when view servers die, or none leads for a while.
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { UsageError } from '../../../../cluster/errors.ts';
import { checkEndpoint, ViewClient } from '../../../../scripts/context/view-client.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const noLeader = JSON.stringify({ error: { code: 'no_leader', message: 'no view server leads' } });
const never = new AbortController().signal;

/** An address at which nobody listens any more. */
async function dead(): Promise<string> {
  const url = await serve(() => undefined);
  const server = servers.pop()!;
  server.close();
  await once(server, 'close');
  return url;
}

test('a job is followed at whichever view server runs when the one that was asked does not answer', async () => {
  const living = await serve((request, response) => response.end(JSON.stringify({ path: request.url })));
  const found = [await dead(), null, living];
  const client = new ViewClient(async () => (found.length > 0 ? found.shift()! : living), never);
  expect(await client.job('a b')).toEqual({ path: '/jobs/a%20b' });
  expect(found).toEqual([]);
});

test('what is only asked is asked again while no view server leads', async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(asked.length % 2 === 1 ? 503 : 200).end(noLeader);
  });
  const client = new ViewClient(async () => url, never);
  await client.view();
  await client.plan('POST', '/rebalance', {});
  await client.abort('/jobs/a');
  const each = ['GET /view', 'POST /rebalance', 'DELETE /jobs/a'];
  expect(asked).toEqual(each.flatMap((request) => [request, request]));
});

test('an interrupt ends the asking', async () => {
  const interrupt = new AbortController();
  const url = await serve((_, response) => {
    response.writeHead(503).end(noLeader);
    interrupt.abort(new Error('interrupted'));
  });
  await expect(new ViewClient(async () => url, interrupt.signal).view()).rejects.toThrow('interrupted');
});

test('an endpoint is a URL of HTTP', () => {
  for (const endpoint of ['localhost:5100', '127.0.0.1:5100', 'ftp://localhost', 'view'])
    expect(() => checkEndpoint(endpoint)).toThrow(UsageError);
  for (const endpoint of ['http://127.0.0.1:5100', 'https://view.example/']) checkEndpoint(endpoint);
});
