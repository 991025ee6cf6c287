import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import {
  decodeHistogram,
  encodeHistogram,
  latenciesOf,
  newHistogram,
  recordMs,
} from '../../../scripts/bench/load/latency-histogram.ts';
import { judgeLevels } from '../../bench/overload/levels.ts';
import type { LoadOrder, Stream } from '../../bench/overload/load-messages.ts';
import { soundness } from '../../bench/overload/part.ts';
import { pool, type Pooled } from '../../bench/overload/pooled.ts';
import { runLoad } from '../../bench/overload/run-load.ts';

const stream: Stream = { name: 'puts', prefix: 'k', keys: 10, valueBytes: 100, batch: 1 };
let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(answer: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server!.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const openAt = (url: string, ratePerSecond: number, openMax: number): LoadOrder => ({
  url,
  load: { kind: 'open', streams: [{ ...stream, ratePerSecond }] },
  warmSeconds: 0,
  seconds: 1,
  openMax,
});

/** On a busy machine the last moments come after the end. */
function expectDue(due: number, most: number): void {
  expect(due).toBeLessThanOrEqual(most);
  expect(due).toBeGreaterThan(0.9 * most);
}

test('what was due is accounted for once, by its answer or by what came instead of one', async () => {
  let [count, refused, taken] = [0, 0, 0];
  const url = await serve((request, response) => {
    request.resume();
    count++;
    if (count % 4 === 0) {
      request.socket.destroy();
    } else if (count % 4 === 1) {
      refused++;
      response.writeHead(429, { 'content-length': 4 }).end('no\r\n');
    } else {
      taken++;
      response.writeHead(204, count % 4 === 2 ? { connection: 'close' } : {}).end();
    }
  });
  const result = await runLoad(openAt(url, 200, 1000));
  const { due, unsent, good, codes } = result.streams['puts']!;
  expectDue(due, 200);
  expect(unsent).toBe(0);
  expect(Object.values(codes).reduce((sum, each) => sum + each, 0)).toBe(due);
  // A request that is sent on a connection which is just being closed never comes here.
  expect(count).toBeGreaterThan(100);
  expect(codes['429']).toBe(refused);
  expect(codes['204']).toBe(taken);
  expect(good).toBeLessThanOrEqual(100);
});

test('a latency counts from the moment at which the request was due, and what cannot be sent is not good', async () => {
  const waiting: (() => void)[] = [];
  const answerAll = () => {
    for (const answer of waiting.splice(0)) answer();
  };
  // Nothing is answered for 1.5 s, longer than the load goes on.
  const url = await serve((request, response) => {
    request.resume();
    if (waiting.push(() => response.writeHead(204).end()) === 1) setTimeout(answerAll, 1500);
  });
  const { streams } = await runLoad(openAt(url, 100, 60));
  const { due, unsent, codes, histogram } = streams['puts']!;
  expectDue(due, 100);
  expect([unsent, codes['204']]).toEqual([due - 60, 60]);
  const { maxMs, medianMs } = latenciesOf(decodeHistogram(histogram));
  expect(maxMs).toBeGreaterThan(1300);
  expect(medianMs).toBeGreaterThan(800);
});

test('rounds are pooled, with what could not be sent among the codes', () => {
  const round = (unsent: number, good: number) => {
    const histogram = newHistogram();
    for (let count = 0; count < good; count++) recordMs(histogram, good);
    return {
      streams: {
        puts: { due: 100, unsent, good, codes: { 204: good }, histogram: encodeHistogram(histogram) },
      },
      lagP99Ms: unsent,
      connections: 1,
    };
  };
  const pooled = pool([round(0, 100), round(20, 80)], 'puts', 10);
  expect(pooled).toMatchObject({
    duePerSecond: 10,
    goodPerSecond: 9,
    codes: { 204: 180, unsent: 20 },
    lagP99Ms: 20,
  });
  expect(Math.round(pooled.p50Ms)).toBe(100);
});

const run = (figures: Partial<Pooled>): Pooled => ({
  duePerSecond: 100,
  goodPerSecond: 100,
  codes: {},
  p50Ms: 1,
  p99Ms: 2,
  lagP99Ms: 1,
  ...figures,
});

test('a goodput that falls under overload breaks its bound, and so does a capacity that is none', () => {
  const holds = (below: number, twice: number) => {
    const runs = new Map([
      [0.9, run({ goodPerSecond: below })],
      [2, run({ duePerSecond: 222, goodPerSecond: twice })],
    ]);
    return judgeLevels(runs, { 2: 0.9 }).map((claim) => claim.holds);
  };
  expect(holds(100, 95)).toEqual([true, true]);
  expect(holds(100, 85)).toEqual([true, false]);
  expect(holds(50, 50)).toEqual([false, true]);
  // Nothing was answered in time at either: no ratio, and no bound that holds.
  expect(holds(0, 0)).toEqual([false, false]);
});

test('a load process that sent too late and a sharder that is too large break a part', () => {
  const brokenOf = (lagP99Ms: number, mebibytes: number) =>
    soundness({ one: run({ lagP99Ms }) }, mebibytes).filter(({ holds }) => !holds).length;
  expect(brokenOf(5, 200)).toBe(0);
  expect(brokenOf(500, 200)).toBe(1);
  expect(brokenOf(5, 300)).toBe(1);
});
