import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { EarlyRefusals } from '../../../sharder/http/early-refusals.ts';
import { runLoad } from '../../bench/overload/run-load.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer({ keepAliveTimeout: 60_000 }, listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server!.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Each request keeps the event loop busy for so long, as far as clocks go: what the process can is known. */
const busyMs = 5;
const busy: RequestListener = (request, response) => {
  request.resume();
  const untilMs = performance.now() + busyMs;
  while (performance.now() < untilMs);
  response.writeHead(204).end();
};

const loadsMax = 6;

/** So many users that each turn of the event loop takes a third of a second. */
const users = 60;
const overload = (url: string) =>
  runLoad({
    url,
    load: {
      kind: 'closed',
      stream: { name: 'puts', prefix: 'k', keys: 10, valueBytes: 100, batch: 1 },
      users,
    },
    warmSeconds: 0,
    seconds: 4,
    openMax: 1000,
  });

test('a process that is asked for more than it can refuses some, serves others and answers all', async () => {
  const statuses = new Map<number, number>();
  const answered: number[] = [];
  const refusals = new EarlyRefusals((_method, status, durationMs) => {
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    answered.push(durationMs);
  });
  const url = await serve(refusals.guard(busy));
  const { due, codes } = (await overload(url)).streams['puts']!;
  expect(Object.keys(codes).toSorted()).toEqual(['204', '429']);
  expect(codes['204']! + codes['429']!).toBe(due);
  // What it counts is what the clients got, and nothing waits when the load is over.
  expect(statuses).toEqual(new Map([[429, codes['429']]]));
  expect(refusals.count).toBe(codes['429']);
  expect(refusals.waiting).toBe(0);
}, 60_000);

test('a refusal says when to ask again, and probes are answered whatever the load', async () => {
  const refusals = new EarlyRefusals(() => undefined);
  const url = await serve(refusals.guard(busy));
  const load = overload(url);
  let refusal: Response | undefined;
  const deadlineMs = performance.now() + 30_000;
  while (refusal === undefined && performance.now() < deadlineMs) {
    const answer = await fetch(`${url}/v1/kv/x`, { method: 'PUT', body: 'v' });
    if (answer.status === 429) refusal = answer;
    else await answer.arrayBuffer();
    if (refusals.shedding.isShedding) expect((await fetch(`${url}/livez`)).status).toBe(204);
    await delay(10);
  }
  expect(refusal?.headers.get('retry-after')).toBe('1');
  expect(await refusal?.json()).toMatchObject({ error: { code: 'overloaded', definite: true } });
  await load;
}, 60_000);

test('a client that hangs up while its refusal waits leaves nothing behind', async () => {
  const refusals = new EarlyRefusals(() => undefined);
  let mostWaiting = 0;
  const guarded = refusals.guard(busy);
  const url = await serve((request, response) => {
    guarded(request, response);
    mostWaiting = Math.max(mostWaiting, refusals.waiting);
  });
  // On a machine that has much else to do, one load may not last until refusals have to wait.
  for (let attempt = 0; attempt < loadsMax && mostWaiting === 0; attempt++) {
    const hangUps = new AbortController();
    const load = overload(url);
    const asked = Array.from({ length: 20 }, () =>
      fetch(`${url}/v1/kv/x`, { signal: hangUps.signal }).then(
        (answer) => answer.arrayBuffer(),
        () => undefined,
      ),
    );
    for (let looks = 0; looks < 300 && refusals.waiting === 0; looks++) await delay(10);
    hangUps.abort();
    await Promise.all([load, ...asked]);
  }
  expect(mostWaiting).toBeGreaterThan(0);
  await expect.poll(() => refusals.waiting).toBe(0);
}, 90_000);
