/** The metrics of a real sharder: each status, each queue, its refusals. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';

let cluster: LocalCluster;
const url = (path: string) => `${cluster.endpoint}${path}`;
const read = async () => (await fetch(url('/metrics'))).text();

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 2, members: 1, sharders: 1 });
});

afterAll(() => cluster.close());

test('each status is counted by itself', async () => {
  const headers = { 'if-none-match': '*' };
  await fetch(url('/v1/kv/status'), { method: 'PUT', body: 'v', headers });
  await fetch(url('/v1/kv/status'), { method: 'PUT', body: 'v', headers });
  await fetch(url('/v1/kv/missing'));
  const text = await read();
  expect(text).toMatch(/^vase_requests_total\{route="kv",method="PUT",status="20[14]"\} [1-9][0-9]*$/m);
  expect(text).toMatch(/^vase_requests_total\{route="kv",method="PUT",status="412"\} [1-9][0-9]*$/m);
  expect(text).toMatch(/^vase_requests_total\{route="kv",method="GET",status="404"\} [1-9][0-9]*$/m);
  // The metrics by class of status are still there for those who read them.
  expect(text).toMatch(
    /^vase_request_duration_seconds_count\{route="kv",method="PUT",code="4xx"\} [1-9][0-9]*$/m,
  );
});

test('every queue has a gauge, and all are empty when nobody asks for anything', async () => {
  const text = await read();
  for (const shard of [1, 2]) {
    for (const lane of ['read', 'write']) {
      for (const name of ['vase_queued_operations', 'vase_queued_bytes', 'vase_in_flight_operations'])
        expect(text).toContain(`${name}{shard="${shard}",lane="${lane}"} 0\n`);
    }
  }
  for (const name of ['vase_held_operations', 'vase_waiting_refusals', 'vase_refused_early_total'])
    expect(text).toContain(`${name} 0\n`);
  expect(text).toContain('vase_admitted_limit_per_second +Inf\n');
  expect(text).toMatch(/^vase_loop_delay_seconds [0-9.e-]+$/m);
  expect(text).toMatch(/^vase_connections\{port="public"\} [1-9]/m);
  expect(text).toContain('vase_connections_refused_total{port="public"} 0\n');
});

test('operations under way for a shard that stands still are seen', async () => {
  const { shards } = await cluster.provider.status();
  const pids = shards.flatMap(({ members }) => members.map(({ pid }) => pid!));
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const writes: Promise<unknown>[] = [];
  try {
    for (let number = 0; number < 20; number++)
      writes.push(fetch(url(`/v1/kv/still-${number}`), { method: 'PUT', body: 'v' }));
    const inFlight = /^vase_in_flight_operations\{shard="[12]",lane="write"\} [1-9]/m;
    await expect.poll(read, { timeout: 4000, interval: 50 }).toMatch(inFlight);
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await Promise.all(writes);
  }
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;
test.skipIf(!promtool)(
  `Prometheus' own check finds nothing wrong${promtool ? '' : ' (promtool is not there)'}`,
  async () => {
    const { viewServers } = await cluster.provider.status();
    for (const address of [url('/metrics'), `${viewServers[0]!.endpoint}/metrics`]) {
      const input = await (await fetch(address)).text();
      const { stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      expect(stdout + stderr, address).toBe('');
    }
  },
);
