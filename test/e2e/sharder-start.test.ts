// A new sharder becomes ready though one shard, the home shard or another, does not answer; only that shard's keys suffer.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';

/** The least of this many starts is the true time; the rest is other load of the machine. */
const starts = 3;
/** By the sharder's own clock, from its first request for a view until it is ready: the time that it waits for others. */
const waitedMsMax = 2000;
/** The whole start, beyond twice the time of a start at which every shard answers: less than it takes to give a shard up. */
const moreMsMax = 1000;
const pollMs = 20;

let cluster: LocalCluster;
/** A key of each shard, by the shard's number - 1. */
let keys: string[];
let usualMs: number;

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 3, members: 1, sharders: 1 });
  keys = [];
  for (let number = 0; keys.filter(Boolean).length < 3; number++) {
    const shard = await shardOf(`key-${number}`);
    keys[shard - 1] ??= `key-${number}`;
  }
  usualMs = (await leastTimes()).startMs;
});

afterAll(() => cluster.close());

async function shardOf(key: string): Promise<number> {
  const response = await fetch(`${cluster.endpoint}/v1/kv/${key}`, { method: 'PUT', body: 'before' });
  expect(response.status).toBeLessThan(300);
  return Number(/\d+/.exec(response.headers.get('vase-shard')!)![0]);
}

interface Start {
  /** From the start of the process until it is ready: most of it is Node.js loading the program. */
  startMs: number;
  /** The part of it in which the sharder waited for others. */
  waitedMs: number;
}

async function startAnew(): Promise<Start> {
  await cluster.provider.faults.kill('sharder-1');
  const startedAtMs = performance.now();
  await cluster.provider.faults.restart('sharder-1');
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, pollMs));
  const startMs = performance.now() - startedAtMs;
  return { startMs, waitedMs: await readWaitedMs() };
}

/** Reads it from the sharder's log, which begins with the process. */
async function readWaitedMs(): Promise<number> {
  let log = '';
  const { signal } = new AbortController();
  const write = (text: string) => void (log += text);
  await cluster.provider.logs('sharder-1', { lines: 100, follow: false, signal, write });
  const ready = log.split('\n').findLast((line) => line.includes('"msg":"ready"'))!;
  return (JSON.parse(ready) as { waitedMs: number }).waitedMs;
}

function isReady(): Promise<boolean> {
  return fetch(`${cluster.endpoint}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function leastTimes(): Promise<Start> {
  const least: Start = { startMs: Infinity, waitedMs: Infinity };
  for (let count = 0; count < starts; count++) {
    const { startMs, waitedMs } = await startAnew();
    least.startMs = Math.min(least.startMs, startMs);
    least.waitedMs = Math.min(least.waitedMs, waitedMs);
  }
  return least;
}

async function put(key: string): Promise<number> {
  const response = await fetch(`${cluster.endpoint}/v1/kv/${key}`, { method: 'PUT', body: 'now' });
  await response.arrayBuffer();
  return response.status;
}

test.each([
  ['the home shard', 1],
  ['another shard', 3],
])(
  'with %s paused a new sharder waits less than 2 s, is ready as soon as ever, and serves the others',
  async (_what, silent) => {
    const member = `etcd-${silent}-0`;
    await cluster.provider.faults.pause(member);
    try {
      const { startMs, waitedMs } = await leastTimes();
      expect(waitedMs).toBeLessThan(waitedMsMax);
      expect(startMs).toBeLessThan(2 * usualMs + moreMsMax);
      const statuses = await Promise.all(keys.map(put));
      for (const [index, status] of statuses.entries())
        if (index === silent - 1) expect([503, 504]).toContain(status);
        else expect(status).toBe(204);
    } finally {
      await cluster.provider.faults.resume(member);
    }
    await expect.poll(() => put(keys[silent - 1]!), { timeout: 20_000 }).toBe(204);
  },
);
