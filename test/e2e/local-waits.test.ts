// One shard of three without quorum: moves between the other two take their usual time, and the job of the third says what it
// waits for and since when, in every output, until the shard is back.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../cluster/viewserver/jobs/job.ts';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import { VaseCommand } from './vase-command.ts';

/** Slots that move between shards 1 and 2 and back, and slots of the third. */
const between = '0-39';
const ofThird = '900-1000';
const keys = Array.from({ length: 600 }, (_, index) => `key-${index}`);
/** For one move: room for an election of the view server's lease and a loaded machine, far below a shard's timeouts. */
const slackMs = 3000;

let vase: VaseCommand;
let endpoint: string;
/** The job of the third shard. */
let stuck: string;

beforeAll(async () => {
  vase = new VaseCommand();
  const size = ['--shards', '3', '--members', '3', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  endpoint = (await vase.provider.endpoint())!;
  await Promise.all(keys.map((key) => fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body: key })));
});
afterAll(() => vase.remove());

async function ask<Answer>(path: string): Promise<Answer> {
  const answer = await fetch(`${(await vase.provider.viewServerEndpoint())!}${path}`);
  return (await answer.json()) as Answer;
}

/** Records a move and does not wait for it. */
async function record(slots: string, to: number): Promise<string> {
  const { stdout, exitCode } = await vase.run(['move', slots, '--to', String(to), '--no-wait', '--json']);
  expect(exitCode).toBe(0);
  return (JSON.parse(stdout) as { jobs: Job[] }).jobs[0]!.id;
}

async function jobOf(id: string): Promise<Job> {
  return (await ask<{ job: Job }>(`/jobs/${id}`)).job;
}

/** Milliseconds from the request of the move to its end, by its record. */
async function timeOf(id: string): Promise<number> {
  for (;;) {
    const { state, note, askedAt, endedAt } = await jobOf(id);
    if (endedAt !== null) {
      expect({ state, note }).toMatchObject({ state: 'done' });
      return Date.parse(endedAt) - Date.parse(askedAt);
    }
    await delay(50);
  }
}

/** The times of moves there and back, twice. */
async function timesBetween(): Promise<number[]> {
  const times: number[] = [];
  for (const to of [2, 1, 2, 1]) times.push(await timeOf(await record(between, to)));
  return times;
}

let usualMs: number;

test('moves between two shards take their usual time at once, although the third has no quorum', async () => {
  usualMs = Math.max(...(await timesBetween()));
  await vase.provider.faults.kill('etcd-3-0');
  await vase.provider.faults.pause('etcd-3-1');
  stuck = await record(ofThird, 1);
  // At once, before the third shard has been found out.
  const times = await timesBetween();
  expect(Math.max(...times), `usual ${usualMs} ms, now ${times.join(', ')} ms`).toBeLessThan(
    3 * usualMs + slackMs,
  );
});

const reason = /wait(s)? for shard 3 since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ: shard 3\b/;

test('the job of the third says for what it waits and since when', async () => {
  await expect.poll(async () => (await jobOf(stuck)).note, { timeout: 60_000 }).toMatch(reason);
  const since = Date.parse(/since (\S+): /.exec((await jobOf(stuck)).note)![1]!);
  expect(since).toBeGreaterThanOrEqual(Date.parse((await jobOf(stuck)).askedAt) - 1000);
  expect(since).toBeLessThan(Date.now());
  const shown = await vase.run(['view']);
  expect(shown.stdout).toMatch(reason);
  expect(shown.stdout).toMatch(/move \S+ waits for shard 3, \d+ s by now: shard 3/);
  const { moves } = await ask<ViewDocument>('/view');
  expect(moves.map(({ waits }) => waits?.shard)).toEqual(moves.map(() => 3));
  const metrics = await fetch(`${(await vase.provider.viewServerEndpoint())!}/metrics`);
  expect(await metrics.text()).toMatch(/^vase_moves_blocked [1-9]/m);
  expect((await vase.run(['status'])).stdout).toContain('etcd-3 has no leader with a quorum');
});

test('moves between the other two still take their usual time, while it waits', async () => {
  const times = await timesBetween();
  expect(Math.max(...times), `usual ${usualMs} ms, now ${times.join(', ')} ms`).toBeLessThan(
    3 * usualMs + slackMs,
  );
  expect(await jobOf(stuck)).toMatchObject({ state: 'running', endedAt: null });
});

test('the job ends by itself when the shard is back, and no key is lost', async () => {
  await vase.provider.faults.resume('etcd-3-1');
  await vase.provider.faults.restart('etcd-3-0');
  await timeOf(stuck);
  const values = await Promise.all(keys.map(async (key) => (await fetch(`${endpoint}/v1/kv/${key}`)).text()));
  expect(values).toEqual(keys);
  expect((await ask<ViewDocument>('/view')).isClean).toBe(true);
});
