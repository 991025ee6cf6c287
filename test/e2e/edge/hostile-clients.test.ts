/**
 * Thousands of clients that abort, stall, half-close, reset, pipeline and send garbage, against a real sharder's two ports,
 * a sharder that speaks TLS, and real view servers, one of which stands by: afterwards all servers live and serve, and hold
 * nothing.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type HostileClient,
  hostileClient,
  hostileTlsClient,
  playAll,
} from '../../support/hostile-client.ts';
import { type Edge, openEdge, peakBytesMax, portOf } from './open-edge.ts';

let edge: Edge;

beforeAll(async () => {
  edge = await openEdge({ shards: 2, members: 1, viewServers: 2 }, { isSecure: true });
  const large = await fetch(`${edge.user}/v1/kv/large`, {
    method: 'PUT',
    body: Buffer.alloc(1024 * 1024, '\x01'),
  });
  expect(large.ok).toBe(true);
});

afterAll(() => edge.close());

const requestsMin = 10_000;
/** Among some thousand that are begun over TLS: many spoil their own connection, and some do not wait. */
const securelyAnsweredMin = 200;
const clientsInRun = 200;
const runs = 24;
const atATime = 32;

const host = 'Host: 127.0.0.1';
const json = 'Content-Type: application/json';
const bare = (line: string) => `${line} HTTP/1.1\r\n${host}\r\n\r\n`;
const withBody = (line: string, body: string, more = '') =>
  `${line} HTTP/1.1\r\n${host}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (line: string, body: string) =>
  `${line} HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
const withJson = (line: string, body: object) => withBody(line, JSON.stringify(body), `${json}\r\n`);
const weighted = <T>(...arms: [weight: number, arbitrary: fc.Arbitrary<T>][]) =>
  fc.oneof(...arms.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const garbage = weighted<string>(
  [2, fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text).toString('latin1'))],
  [
    2,
    fc.constantFrom(
      'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n',
      `GET / HTTP/1.1\r\n${host}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
      `PUT /v1/kv/a HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
      `PUT /v1/kv/a HTTP/1.1\r\n${host}\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(100_000)}`,
      `GET /a HTTP/1.1\r\n${host}\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      `GET /a HTTP/1.1\r\n${host}\r\nExpect: nothing\r\nContent-Length: 5\r\n\r\nhello`,
      bare('OPTIONS *'),
      bare('BREW /v1/kv/a'),
    ),
  ],
);

const key = fc.nat(20).map((number) => `k${number}`);
const value = weighted(
  [20, fc.string({ maxLength: 30 }).map(encodeURIComponent)],
  [4, fc.constantFrom(5000, 70_000).map((length) => 'v'.repeat(length))],
  [1, fc.constant('v'.repeat(900_000))],
);
const operation = fc.oneof(
  fc.record({ op: fc.constant('get'), key: weighted([9, key], [1, fc.constant('large')]) }),
  fc.record({ op: fc.constant('put'), key, value }),
  fc.record({ op: fc.constant('delete'), key }),
);
const ofSharder = weighted<string>(
  [
    8,
    fc
      .tuple(fc.constantFrom('GET', 'HEAD', 'DELETE'), key)
      .map(([method, name]) => bare(`${method} /v1/kv/${name}`)),
  ],
  [2, fc.constantFrom('/v1/kv/large', '/get/large', '/metrics', '/').map((path) => bare(`GET ${path}`))],
  [6, fc.tuple(key, value).map(([name, text]) => withBody(`PUT /v1/kv/${name}`, text))],
  [2, fc.tuple(key, value).map(([name, text]) => chunked(`PUT /v1/kv/${name}`, text))],
  [2, fc.tuple(key, value).map(([path, text]) => withJson('PUT /set', { path, value: text }))],
  [3, fc.array(operation, { maxLength: 20 }).map((operations) => withJson('POST /v1/batch', { operations }))],
  [1, fc.constant(withJson('POST /v1/batch', { operations: Array.from({ length: 3000 }, () => ({})) }))],
  [4, garbage],
);
const ofViewServer = weighted<string>(
  [
    4,
    fc
      .constantFrom(
        '/view',
        '/shards',
        '/moves',
        '/jobs',
        '/events',
        '/metrics',
        '/autoscaler',
        '/nothing',
        '/livez',
      )
      .map((path) => bare(`GET ${path}`)),
  ],
  [2, fc.constant(withJson('POST /rebalance', { dryRun: true }))],
  [1, fc.constant(chunked('POST /rebalance', `{"dryRun":true${' '.repeat(20_000)}}`))],
  [1, fc.constant(withBody('POST /moves', '{"slots":"0-', `${json}\r\n`))],
  [3, garbage],
);

/** The clients of one target. */
interface Party {
  clients: fc.Arbitrary<HostileClient>;
  port: () => number;
  share: number;
}
const parties: readonly Party[] = [
  { clients: hostileClient(ofSharder), port: () => portOf(edge.user), share: 0.5 },
  { clients: hostileTlsClient(ofSharder), port: () => portOf(edge.secure!), share: 0.2 },
  { clients: hostileClient(ofSharder), port: () => portOf(edge.admin), share: 0.1 },
  { clients: hostileClient(ofViewServer), port: () => portOf(edge.view), share: 0.1 },
  { clients: hostileClient(ofViewServer), port: () => portOf(edge.standby!), share: 0.1 },
];

test('10,000 requests of clients that do whatever they want leave nothing behind', async () => {
  let begun = 0;
  const crowd = fc.tuple(
    ...parties.map(({ clients, share }) => {
      const count = Math.round(clientsInRun * share);
      return fc.array(clients, { minLength: count, maxLength: count });
    }),
  );
  await fc.assert(
    fc.asyncProperty(crowd, async (crowds) => {
      const each = await Promise.all(
        crowds.map((clients, index) => {
          const { port, share } = parties[index]!;
          return playAll(port(), clients, Math.ceil(atATime * share));
        }),
      );
      begun += each.reduce((sum, count) => sum + count, 0);
      await edge.expectNothingHeld();
      await edge.expectServing();
    }),
    // Shrinking would add nothing: the metric that did not come back to zero already names the fault.
    { numRuns: runs, endOnFailure: true },
  );
  expect(begun).toBeGreaterThan(requestsMin);
  expect(await edge.securelyAnswered()).toBeGreaterThan(securelyAnsweredMin);
  const peak = edge.peakBytes();
  if (peak !== null) expect(peak).toBeLessThan(peakBytesMax);
});
