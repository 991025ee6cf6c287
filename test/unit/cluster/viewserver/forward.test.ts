// A view server that stands by hands requests on, to a leader that may be slow or dead.
import { once } from 'node:events';
import http, {
  createServer,
  type IncomingMessage,
  request as startRequest,
  type RequestListener,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from '../../../../cluster/viewserver/http/app.ts';
import { MemoryCluster } from './memory-cluster.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const end of ends.splice(0)) end();
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** One that stands by, and whose leader answers like this. */
async function standBy(leader: RequestListener): Promise<number> {
  const address = `127.0.0.1:${await serve(leader)}`;
  const leadership = new MemoryCluster(1).lead();
  leadership.stop();
  const { lease } = leadership;
  vi.spyOn(lease, 'leader', 'get').mockReturnValue({ name: 'view-server-1', address });
  const readiness = { problem: null };
  const logger = pino({ level: 'silent' });
  const parts = { registry: new Registry(), readiness, lease, leadership: () => null, logger };
  const answer = createApp(parts).callback();
  return serve((request, response) => void answer(request, response));
}

test.each([
  ['GET', 503, 'no_leader'],
  ['POST', 504, 'timeout'],
])('%s to a leader that does not answer ends in time with %i', async (method, status, code) => {
  let asked = () => undefined as void;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const port = await standBy(() => asked());
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const answer = fetchFrom(port, method);
  await isAsked;
  vi.advanceTimersByTime(10_000);
  expect(await answer).toMatchObject({ status, body: { error: { code } } });
});

test('an answer whose head has come may take any time', async () => {
  let finish = () => undefined as void;
  const port = await standBy((_, response) => {
    response.writeHead(200).flushHeaders();
    finish = () => void response.end('{"late":true}');
  });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const answer = fetchFrom(port, 'GET', () => {
    vi.advanceTimersByTime(60_000);
    finish();
  });
  expect(await answer).toEqual({ status: 200, body: { late: true } });
});

test('a leader is reached directly, whatever proxies Node.js was told to use', async () => {
  const { globalAgent } = http;
  ends.push(() => (http.globalAgent = globalAgent));
  const port = await standBy((_, response) => response.end('{"led":true}'));
  http.globalAgent = new http.Agent({ proxyEnv: { http_proxy: 'http://127.0.0.1:9' } });
  const answer = await fetch(`http://127.0.0.1:${port}/view`);
  expect(await answer.json()).toEqual({ led: true });
});

test('a target that is no path is refused', async () => {
  const handed = vi.fn<RequestListener>();
  const port = await standBy(handed);
  for (const target of ['http://127.0.0.1/view', '*', '@127.0.0.1:1/view']) {
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
  }
  expect(handed).not.toHaveBeenCalled();
});

async function fetchFrom(
  port: number,
  method: string,
  onHead: () => void = () => undefined,
): Promise<{ status: number; body: unknown }> {
  const request = startRequest({ host: '127.0.0.1', port, method, path: '/view' });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  onHead();
  return { status: response.statusCode!, body: JSON.parse(await text(response)) as unknown };
}
