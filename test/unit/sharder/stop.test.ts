/** What a server that stops owes to each kind of connection: an answer to all that it took, and a last word. */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import Koa from 'koa';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { createHttpServer, listen, stop, type Stopping } from '../../../sharder/http/server.ts';

let server: Server;
let port: number;
/** Requests that run and are not answered, by path. */
let running: Map<string, ServerResponse>;

beforeEach(async () => {
  running = new Map();
  const app = new Koa();
  app.use((ctx) => {
    ctx.respond = false;
    running.set(ctx.path, ctx.res);
    server.emit('runs');
  });
  server = createHttpServer(app);
  port = await listen(server, { host: '127.0.0.1', port: 0, reusePort: false });
});

interface Client {
  socket: Socket;
  /** All that has come so far. */
  text(): string;
  /** Resolves when the server has closed its side, with how. */
  ended: Promise<'fin' | 'reset'>;
}

async function open(): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = new Promise<'fin' | 'reset'>((resolve) => {
    socket.once('end', () => resolve('fin')).once('error', () => resolve('reset'));
  });
  await once(socket, 'connect');
  return { socket, text: () => text, ended };
}

const send = ({ socket }: Client, ...paths: string[]) =>
  socket.write(
    paths.map((path) => `PUT ${path} HTTP/1.1\r\nhost: vase\r\ncontent-length: 0\r\n\r\n`).join(''),
  );

async function untilRuns(path: string): Promise<ServerResponse> {
  while (!running.has(path)) await once(server, 'runs');
  return running.get(path)!;
}

const answer = async (path: string) => (await untilRuns(path)).end(path);
const bodies = (client: Client) => [...client.text().matchAll(/\/[a-z]+(?=HTTP|$)/g)].map(([body]) => body);
const toldToClose = (client: Client) => client.text().match(/connection: close/gi)?.length ?? 0;

function startStop(stopping: Partial<Stopping> = {}): { isOver: () => boolean; over: Promise<void> } {
  let isOver = false;
  const deadline = AbortSignal.timeout(20_000);
  const over = stop(server, { listenUntil: null, idleMs: 10_000, deadline, ...stopping });
  void over.then(() => (isOver = true));
  return { isOver: () => isOver, over };
}

async function untilRefused(): Promise<void> {
  while (server.listening) await delay(1);
}

test('a kept connection is waited for, and its next answer tells it to go', async () => {
  const client = await open();
  send(client, '/before');
  await answer('/before');
  while (client.text() === '') await once(client.socket, 'data');
  const { over } = startStop();
  await untilRefused();
  await delay(100);
  expect(toldToClose(client)).toBe(0);
  send(client, '/next');
  await answer('/next');
  expect(await client.ended).toBe('fin');
  expect(bodies(client)).toEqual(['/before', '/next']);
  expect(toldToClose(client)).toBe(1);
  client.socket.end();
  await over;
});

test('a request that runs when the stop begins is answered, and told to go', async () => {
  const client = await open();
  send(client, '/slow');
  await untilRuns('/slow');
  const { over, isOver } = startStop({ idleMs: 0 });
  await untilRefused();
  await delay(100);
  expect(isOver()).toBe(false);
  await answer('/slow');
  expect(await client.ended).toBe('fin');
  expect(toldToClose(client)).toBe(1);
  client.socket.end();
  await over;
});

test('of requests that were sent without waiting, all that were taken are answered, the last with the word', async () => {
  const client = await open();
  send(client, '/a', '/b', '/c');
  await untilRuns('/a');
  const { over } = startStop();
  await untilRefused();
  // Taken while the server stops, behind one that would have been the last.
  send(client, '/d');
  await delay(50);
  for (const path of ['/a', '/b', '/c', '/d']) await answer(path);
  expect(await client.ended).toBe('fin');
  expect(bodies(client)).toEqual(['/a', '/b', '/c', '/d']);
  const answers = client.text().split('HTTP/1.1 ').slice(1);
  expect(answers.map((text) => /connection: close/i.test(text))).toEqual([false, false, false, true]);
  client.socket.end();
  await over;
});

test('what comes behind the last word is not run', async () => {
  const client = await open();
  send(client, '/last');
  const response = await untilRuns('/last');
  const { over } = startStop();
  await untilRefused();
  response.writeHead(200, { 'content-length': '5' });
  response.write('/l');
  send(client, '/behind');
  await delay(100);
  expect([...running.keys()]).toEqual(['/last']);
  response.end('ast');
  await client.ended;
  client.socket.end();
  await over;
});

test('a client that stays silent is sent FIN, not a reset, even when it sends at that moment', async () => {
  const client = await open();
  send(client, '/before');
  await answer('/before');
  while (client.text() === '') await once(client.socket, 'data');
  const { over } = startStop({ idleMs: 50 });
  let isReset = false;
  client.socket.on('error', () => (isReset = true)).once('end', () => send(client, '/late'));
  expect(await client.ended).toBe('fin');
  await delay(50);
  expect(isReset).toBe(false);
  expect([...running.keys()]).toEqual(['/before']);
  client.socket.end();
  await over;
});

test('a request of which a part has come when the time of silence is over is taken', async () => {
  const client = await open();
  const { over } = startStop({ idleMs: 1500 });
  await untilRefused();
  client.socket.write('PUT /slowly HTTP/1.1\r\nhost: va');
  await delay(2000);
  client.socket.write('se\r\ncontent-length: 0\r\n\r\n');
  await answer('/slowly');
  expect(await client.ended).toBe('fin');
  expect(bodies(client)).toEqual(['/slowly']);
  client.socket.end();
  await over;
});

test('while it still listens, new clients are answered and told to go', async () => {
  let close: () => void = () => undefined;
  const listenUntil = new Promise<void>((resolve) => (close = resolve));
  const { over } = startStop({ listenUntil });
  const client = await open();
  send(client, '/new');
  await answer('/new');
  expect(await client.ended).toBe('fin');
  expect(toldToClose(client)).toBe(1);
  client.socket.end();
  expect(server.listening).toBe(true);
  close();
  await over;
  expect(server.listening).toBe(false);
});

test('nobody holds it up past the deadline', async () => {
  const client = await open();
  send(client, '/never');
  await untilRuns('/never');
  await startStop({ deadline: AbortSignal.timeout(200) }).over;
  expect(['fin', 'reset']).toContain(await client.ended);
});

test('connections that wait in the kernel when the stop begins are taken, and answered', async () => {
  const count = 50;
  const sockets = Array.from({ length: count }, () =>
    connect({ port, host: '127.0.0.1', allowHalfOpen: true }),
  );
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  const ends = sockets.map(async (socket, index) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.write(`GET /${index} HTTP/1.1\r\nhost: vase\r\n\r\n`);
    await once(socket, 'end');
    socket.end();
    return text;
  });
  server.on('runs', () => {
    for (const response of running.values()) response.end('well');
    running.clear();
  });
  const { over } = startStop({ idleMs: 100 });
  for (const text of await Promise.all(ends)) expect(text).toMatch(/^HTTP[^]*well$/);
  await over;
});
