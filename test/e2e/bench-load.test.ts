// The load generator against servers with known behaviour: its report must agree with that behaviour.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { decodeHistogram } from '../../scripts/bench/load/latency-histogram.ts';
import { runLoad, type LoadOptions } from '../../scripts/bench/load/run-load.ts';
import type { Workload } from '../../scripts/bench/records/run-data.ts';

const workload: Workload = { name: 'ycsb-c', users: 20, keys: 10, valueBytes: 1, distribution: 'uniform' };

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const load = (url: string, options: Partial<LoadOptions>) =>
  runLoad({
    urls: [url],
    workload,
    warmupSeconds: 0,
    seconds: 3,
    ratePerSecond: null,
    signal: new AbortController().signal,
    ...options,
  });

/** Answers at once, except in one stall of a second, in which it answers nothing; `begin` starts its clock. */
function stallingServer(): { listener: RequestListener; begin: () => void } {
  let stallAtMs = Infinity;
  return {
    begin: () => (stallAtMs = performance.now() + 1000),
    listener: (_request, response) => {
      const nowMs = performance.now();
      const stalls = nowMs >= stallAtMs && nowMs < stallAtMs + 1000;
      setTimeout(() => response.end('ok'), stalls ? stallAtMs + 1000 - nowMs : 0);
    },
  };
}

test('at a fixed rate a stall counts for all who would have come meanwhile, two workers together', async () => {
  const { listener, begin } = stallingServer();
  const url = await serve(listener);
  const result = await load(url, {
    ratePerSecond: 200,
    workers: 2,
    warmupSeconds: 1,
    onWindow: (moment) => void (moment === 'opened' && begin()),
  });
  // For a third of the time nothing is answered. Users who come then wait between a second and nothing; more come than there
  // are connections, and the others wait before their requests are sent.
  expect(result.requests).toBeGreaterThan(590);
  expect(result.requests).toBeLessThan(610);
  expect(result.latency.p90Ms).toBeGreaterThan(550);
  expect(result.latency.p90Ms).toBeLessThan(950);
  expect(result.latency.maxMs).toBeGreaterThan(900);
  expect(result.latency.medianMs).toBeLessThan(250);
  expect(result).toMatchObject({ failed: 0, indefinite: 0, generatorWorkers: 2, offeredPerSecond: 200 });
  expect(result.samples.map(({ second }) => second)).toEqual([0, 1, 2]);
});

test('a closed loop counts the same stall once a user', async () => {
  const { listener, begin } = stallingServer();
  const url = await serve(listener);
  const result = await load(url, { onWindow: (moment) => void (moment === 'opened' && begin()) });
  // Only the last 20 requests see the stall that every user saw for a third of the time.
  expect(result.requests).toBeGreaterThan(300);
  const rest = 100 * (1 - (workload.users + 1) / result.requests);
  expect(decodeHistogram(result.histogram).getValueAtPercentile(rest) / 1000).toBeLessThan(500);
  expect(result.latency.maxMs).toBeGreaterThan(900);
  expect(result.generatorCores).toBeGreaterThan(0);
  expect(result.samples.reduce((sum, { requests }) => sum + requests, 0)).toBe(result.requests);
});

test.each([
  ['closed loops', null],
  ['a fixed rate', 300],
])('%s tell definite failures from unknown outcomes', async (_, ratePerSecond) => {
  let count = 0;
  const url = await serve((request, response) => {
    const kind = count++ % 4;
    if (kind === 0) response.writeHead(503).end('{}');
    else if (kind === 1) response.writeHead(504).end('{}');
    // The request has reached the server, and its outcome is unknown.
    else if (kind === 2) request.socket.destroy();
    else setTimeout(() => response.end('ok'), 5);
  });
  const { requests, failed, indefinite } = await load(url, { ratePerSecond, seconds: 2, warmupSeconds: 1 });
  const all = requests + failed + indefinite;
  expect(all).toBeGreaterThan(300);
  expect(failed / all).toBeCloseTo(1 / 4, 1);
  expect(indefinite / all).toBeCloseTo(2 / 4, 1);
});

test.each([
  ['closed loops', null],
  ['a fixed rate', 300],
])(
  '%s count a get that finds nothing as failed once a put of its key was acknowledged',
  async (_, ratePerSecond) => {
    const url = await serve((request, response) => {
      // Answers as the original's routes do, and forgets every value.
      const forgotten = '{"data":{"errorCode":100,"message":"Key not found"}}';
      setTimeout(() => response.end(request.method === 'PUT' ? '{"data":{"action":"set"}}' : forgotten), 5);
    });
    const original = { ...workload, name: 'original' } as const;
    const { requests, failed, indefinite } = await load(url, {
      workload: original,
      ratePerSecond,
      seconds: 2,
      warmupSeconds: 1,
    });
    expect(indefinite).toBe(0);
    expect(failed / (requests + failed)).toBeCloseTo(1 / 2, 1);
  },
);

test('where nothing listens, every request has failed and none is unknown', async () => {
  const url = await serve((_request, response) => void response.end());
  server!.close();
  const { requests, failed, indefinite } = await load(url, {
    ratePerSecond: 100,
    seconds: 1,
    warmupSeconds: 1,
  });
  expect({ requests, indefinite }).toEqual({ requests: 0, indefinite: 0 });
  expect(failed).toBeGreaterThan(90);
});

test('an aborted load ends at once with the reason', async () => {
  const url = await serve((_request, response) => void response.end('ok'));
  const interrupt = new AbortController();
  const startedAtMs = performance.now();
  const running = load(url, {
    seconds: 60,
    signal: interrupt.signal,
    onWindow: () => interrupt.abort(new Error('enough')),
  });
  await expect(running).rejects.toThrow('enough');
  expect(performance.now() - startedAtMs).toBeLessThan(15_000);
});
