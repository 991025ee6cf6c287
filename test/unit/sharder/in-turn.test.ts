/** Requests on one connection, sent without waiting for answers, and when they are carried out. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { besideMax, inTurn, waitingMax } from '../../../sharder/http/in-turn.ts';

let server: Server;
let client: Socket;
let received = '';
/** Those that have been started and not answered, by method and path. */
let started: { name: string; request: IncomingMessage; response: ServerResponse }[];

beforeEach(async () => {
  started = [];
  received = '';
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    started.push({ name: `${request.method} ${request.url}`, request, response });
    server.emit('started');
  };
  server = createServer(inTurn(handle));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
});

afterEach(() => {
  client.destroy();
  server.close();
});

const send = (...requests: string[]) =>
  client.write(requests.map((request) => `${request} HTTP/1.1\r\nHost: vase\r\n\r\n`).join(''));

async function untilStarted(count: number): Promise<string[]> {
  while (started.length < count) await once(server, 'started');
  return started.map(({ name }) => name);
}

/** The server has heard what was sent before, on another connection. */
async function untilIdle(): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const count = started.length;
  const other = connect(port, '127.0.0.1');
  other.write('GET /other HTTP/1.1\r\nHost: vase\r\n\r\n');
  while (!started.slice(count).some(({ name }) => name === 'GET /other')) await once(server, 'started');
  started = started.filter(({ name }) => name !== 'GET /other');
  other.destroy();
}

const answer = (index: number) => started[index]!.response.end(`<${started[index]!.name}>`);

async function untilAnswered(wanted: string): Promise<void> {
  while (!received.includes(wanted)) await once(client, 'data');
}

test('reads run beside each other, and are answered in their order', async () => {
  send('GET /a', 'GET /b');
  expect(await untilStarted(2)).toEqual(['GET /a', 'GET /b']);
  answer(1);
  answer(0);
  await untilAnswered('<GET /b>');
  expect(received.indexOf('<GET /a>')).toBeLessThan(received.indexOf('<GET /b>'));
});

test('a read after a write starts when the write has been answered, and so does what follows it', async () => {
  send('PUT /a', 'GET /a', 'DELETE /a', 'GET /b');
  expect(await untilStarted(1)).toEqual(['PUT /a']);
  // All of them have been parsed by now, in the turn of the first.
  answer(0);
  expect(await untilStarted(2)).toEqual(['PUT /a', 'GET /a']);
  answer(1);
  expect(await untilStarted(3)).toEqual(['PUT /a', 'GET /a', 'DELETE /a']);
  answer(2);
  expect(await untilStarted(4)).toEqual(['PUT /a', 'GET /a', 'DELETE /a', 'GET /b']);
  answer(3);
  await untilAnswered('<GET /b>');
});

test('only a few reads run beside the first, and each that is answered makes room for the next', async () => {
  const names = Array.from({ length: besideMax + 4 }, (_, index) => `GET /${index}`);
  send(...names);
  expect(await untilStarted(besideMax + 1)).toEqual(names.slice(0, besideMax + 1));
  // Answered before those before it: it still waits for its client.
  answer(1);
  await untilIdle();
  expect(started).toHaveLength(besideMax + 1);
  answer(0);
  expect(await untilStarted(besideMax + 3)).toEqual(names.slice(0, besideMax + 3));
  for (let index = 2; index < names.length; index++) {
    await untilStarted(index + 1);
    answer(index);
  }
  await untilAnswered(`<${names.at(-1)}>`);
});

test('a write starts when everything before it has been answered', async () => {
  send('GET /a', 'GET /b', 'DELETE /a');
  expect(await untilStarted(2)).toEqual(['GET /a', 'GET /b']);
  answer(0);
  answer(1);
  expect(await untilStarted(3)).toEqual(['GET /a', 'GET /b', 'DELETE /a']);
});

test('the body of a write that waits is there when its turn comes', async () => {
  const put = (body: string) =>
    `PUT /a HTTP/1.1\r\nHost: vase\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const bodies = ['one', 'x'.repeat(200_000), 'three'];
  client.write(bodies.map(put).join(''));
  for (const [index, body] of bodies.entries()) {
    await untilStarted(index + 1);
    expect(await text(started[index]!.request)).toBe(body);
    answer(index);
  }
});

test('too many that wait are refused, and those that wait are not', async () => {
  send('PUT /a', ...Array.from({ length: waitingMax + 1 }, (_, index) => `GET /${index}`));
  await untilStarted(1);
  answer(0);
  for (let index = 1; index <= waitingMax; index++) {
    await untilStarted(index + 1);
    answer(index);
  }
  await untilAnswered('429');
  expect(started).toHaveLength(waitingMax + 1);
  expect(received).toContain(`${waitingMax} requests wait on this connection`);
  expect(received).toContain('"definite":true');
});
