// A view server that stands by hands requests on, to a leader that may be slow or dead.
import { once } from 'node:events';
import http, {
  createServer,
  type IncomingMessage,
  request as startRequest,
  type RequestListener,
  type Server,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createHttpServer } from '../../../../../sharder/http/server.ts';
import { createApp } from '../../../../../cluster/viewserver/http/app.ts';
import { MemoryCluster } from '../memory-cluster.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const end of ends.splice(0)) end();
});

function serve(listener: RequestListener): Promise<number> {
  return open(createServer(listener));
}

async function open(server: Server): Promise<number> {
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
  return open(createHttpServer(createApp(parts)));
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
  for (const target of ['*', '@127.0.0.1:1/view', 'ftp://127.0.0.1/view']) {
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
  }
  expect(handed).not.toHaveBeenCalled();
});

test('what is handed on is the path, the id of the request, and no header that is between neighbours', async () => {
  const port = await standBy((request, response) => {
    response.setHeader('keep-alive', 'timeout=1');
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  const socket = connect(port, '127.0.0.1');
  const headers =
    'host: 127.0.0.1\r\nx-request-id: abc\r\nx-own: 1\r\nte: trailers\r\nconnection: close, x-own';
  socket.write(`GET http://localhost/view HTTP/1.1\r\n${headers}\r\n\r\n`);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  expect(answer).not.toMatch(/keep-alive: timeout=1\r/i);
  const handed = JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)) as {
    url: string;
    headers: object;
  };
  expect(handed).toMatchObject({ url: '/view', headers: { 'x-request-id': 'abc', 'vase-forwarded': '1' } });
  expect(handed.headers).not.toHaveProperty('x-own');
  expect(handed.headers).not.toHaveProperty('te');
});

test('a body that is expected to be asked for is asked for once, and handed on', async () => {
  const port = await standBy((request, response) => {
    void text(request).then((body) => response.end(body));
  });
  const call = startRequest({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/shards',
    headers: { expect: '100-continue', 'content-type': 'application/json' },
  });
  const asked = vi.fn<() => void>(() => void call.end('{}'));
  call.on('continue', asked);
  call.flushHeaders();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  expect(await text(response)).toBe('{}');
  expect(asked).toHaveBeenCalledTimes(1);
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
