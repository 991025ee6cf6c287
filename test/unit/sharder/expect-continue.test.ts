/** `Expect: 100-continue`: the body is asked for by whoever wants it, and a refusal comes without asking. */
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Server } from 'node:http';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { Operation, Outcome } from '../../../sharder/core/operation.ts';
import type { Store } from '../../../sharder/core/store.ts';
import { createApp } from '../../../sharder/http/app.ts';
import { RequestMetrics } from '../../../sharder/http/request-metrics.ts';
import { createHttpServer } from '../../../sharder/http/server.ts';
import { budgetsOf } from '../../support/budgets.ts';

let server: Server;
let written: string[];

const store = {
  async execute(operation: Operation): Promise<Outcome> {
    if (operation.kind === 'put') written.push(Buffer.from(operation.value).toString());
    return {
      kind: 'ok',
      result: { kind: 'put', version: 7, previous: null },
      place: { shard: 1, slot: 3, epoch: 1 },
    };
  },
} as Store;

beforeEach(async () => {
  written = [];
  server = createHttpServer(
    createApp({
      context: { store, limits: defaultLimits, budgets: budgetsOf(1_000_000) },
      probes: new Map(),
      metrics: new RequestMetrics(new Registry()),
      logger: pino({ level: 'silent' }),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends the head, the body when it is asked for, and returns all that came until the server closed. */
async function converse(lines: readonly string[], body: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const head = ['Host: 127.0.0.1', 'Expect: 100-continue', `Content-Length: ${body.length}`];
  socket.write(`${[lines[0], ...head, ...lines.slice(1)].join('\r\n')}\r\n\r\n`);
  let text = '';
  let isAsked = false;
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    if (isAsked || !text.startsWith('HTTP/1.1 100 Continue\r\n\r\n')) return;
    isAsked = true;
    socket.write(body);
  });
  await once(socket, 'close');
  return text;
}

test('a body that is wanted is asked for once, and taken', async () => {
  const text = await converse(['PUT /v1/kv/k HTTP/1.1', 'Connection: close'], 'value');
  expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204 /);
  expect(written).toEqual(['value']);
});

// The connection ends: whether the body comes after a refusal is the client's choice.
test.each([
  ['another origin', 403, ['PUT /v1/kv/k HTTP/1.1', 'Origin: https://evil.example']],
  ['a malformed condition', 400, ['PUT /v1/kv/k HTTP/1.1', 'If-Match: 7']],
  ['a content coding', 415, ['PUT /v1/kv/k HTTP/1.1', 'Content-Encoding: gzip']],
  ['text for JSON', 415, ['POST /v1/batch HTTP/1.1', 'Content-Type: text/plain']],
  ['no such route', 404, ['POST /v1/none HTTP/1.1']],
  ['a bad key', 400, ['PUT /v1/kv/%00 HTTP/1.1']],
])('%s is refused with %i without asking for the body', async (_what, status, lines) => {
  const text = await converse(lines, 'value');
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(text.toLowerCase()).toContain('connection: close');
  expect(written).toEqual([]);
});

test('a body that is too long is refused without asking for it', async () => {
  const text = await converse(['PUT /v1/kv/k HTTP/1.1'], 'v'.repeat(1024 * 1024 + 1));
  expect(text).toMatch(/^HTTP\/1\.1 413 /);
});

test('another server in front of it, HTTP/1.0, is not told to continue', async () => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('PUT /v1/kv/k HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nvalue');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  await once(socket, 'close');
  expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 204 /);
});
