/** A body that was parsed is not held on: its memory is free before its operations begin, without a garbage collection. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { Operation, Outcome } from '../../../sharder/core/operation.ts';
import type { Store } from '../../../sharder/core/store.ts';
import { createApp } from '../../../sharder/http/app.ts';
import { RequestMetrics } from '../../../sharder/http/request-metrics.ts';
import { createHttpServer } from '../../../sharder/http/server.ts';
import { largeBodyBytes } from '../../../sharder/http/read-body.ts';
import { budgetsOf } from '../../support/budgets.ts';

const mib = 1024 * 1024;
let server: Server;
/** Bytes of every buffer made for bodies, when an operation begins. */
let heldWhenExecuted: number[];
let made: Buffer[];

const store = {
  shardIdOf: () => 1,
  deadlineAtMs: () => 1000,
  async execute(_operation: Operation): Promise<Outcome> {
    heldWhenExecuted = made.map(({ length }) => length);
    return {
      kind: 'ok',
      result: { kind: 'put', version: 7, previous: null },
      place: { shard: 1, slot: 3, epoch: 1 },
    };
  },
} as unknown as Store;

beforeEach(async () => {
  heldWhenExecuted = [];
  made = [];
  const allocate = Buffer.allocUnsafeSlow.bind(Buffer);
  vi.spyOn(Buffer, 'allocUnsafeSlow').mockImplementation((size) => {
    const buffer = allocate(size);
    made.push(buffer);
    return buffer;
  });
  server = createHttpServer(
    createApp({
      context: { store, limits: defaultLimits, budgets: budgetsOf(24 * mib) },
      probes: new Map(),
      metrics: new RequestMetrics(new Registry()),
      logger: pino({ level: 'silent' }),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  vi.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const space = ' '.repeat(5 * mib);

test.each([
  ['POST', '/v1/batch', `{"operations":${space}[{"op":"put","key":"k","value":"v"}]}`],
  ['PUT', '/set', `{"path":"k",${space}"value":"v"}`],
])('%s %s', async (method, path, body) => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const headers = { 'content-type': 'application/json' };
  const request = { method, headers, body };
  const answer = await fetch(url, request);
  expect(answer.status, await answer.text()).toBeLessThan(300);
  expect(heldWhenExecuted.length).toBeGreaterThan(0);
  expect(heldWhenExecuted.filter((length) => length > largeBodyBytes)).toEqual([]);
});
