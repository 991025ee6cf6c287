// The view server adds and removes shards: no key is lost, the cluster recovers from a SIGKILL at any point, and `up` knows.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job } from '../../cluster/viewserver/jobs/job.ts';
import type { ViewDocument } from '../../cluster/viewserver/http/view-document.ts';
import { ended, VaseCommand } from './vase-command.ts';

const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
let vase: VaseCommand;
let store: string;
let server: string;

beforeAll(async () => {
  vase = new VaseCommand();
  const size = ['--shards', '2', '--members', '1', '--sharders', '1', '--port', '0'];
  // Slow enough that every job of some 100 keys is still under way when the test strikes or leaves it.
  const topology = join(dirname(vase.stateRoot), 'topology.yaml');
  writeFileSync(topology, 'moves:\n  keysPerSecond: 15\n');
  const environment = { VASE_VIEW_SERVERS: '2', VASE_TOPOLOGY: topology };
  const up = await vase.run(['up', ...size], { environment });
  expect(up.stderr).toMatch(/Start 2 view servers/);
  store = (await vase.provider.endpoint())!;
  server = (await vase.provider.viewServerEndpoint())!;
  await Promise.all(keys.map((key) => request('PUT', key, `value of ${key}`)));
});
afterAll(() => vase.remove());

async function request(method: string, key: string, body?: string): Promise<string> {
  const url = `${store}/v1/kv/${encodeURIComponent(key)}`;
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${key}: ${response.status} ${text}`);
  return text;
}

async function expectAllKeys(): Promise<void> {
  const values = await Promise.all(keys.map((key) => request('GET', key)));
  expect(values).toEqual(keys.map((key) => `value of ${key}`));
}

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${(await vase.provider.viewServerEndpoint())!}${path}`, init);
  return { status: response.status, body: await response.json() };
}

async function view(): Promise<ViewDocument> {
  const { status, body } = await ask('/view');
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as ViewDocument;
}

async function whenClean(): Promise<ViewDocument> {
  await expect
    .poll(async () => (await view().catch(() => null))?.isClean, { timeout: 60_000, interval: 100 })
    .toBe(true);
  return view();
}

/** How many slots each shard has, ascending. */
async function shares(): Promise<number[]> {
  return (await view()).shards.map(({ slots }) => slots).toSorted((a, b) => a - b);
}

/** The name of the view server that is leader. */
async function leader(): Promise<string> {
  return (await view()).leader!.name;
}

describe('what cannot be done', () => {
  test.each([
    [['shard', 'remove', '1'], 'home-shard'],
    [['shard', 'remove', '77'], 'unknown-shard'],
    [['move', '0-5', '--to', '77'], 'unknown-shard'],
  ])('%j is refused with its reason', async (args, code) => {
    const { exitCode, stderr } = await vase.run(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`(${code})`);
  });

  test('a wrong list of slots is a wrong use', async () => {
    const { exitCode, stderr } = await vase.run(['move', '5-2000', '--to', '1']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('from 0 to 1023');
  });

  test.each([
    ['POST', '/shards', '{"count":0}', 400, 'bad_request'],
    ['POST', '/shards', '{"cuont":1}', 400, 'bad_request'],
    ['POST', '/shards', `{"count":${' '.repeat(20_000)}1}`, 413, 'too_large'],
    ['PUT', '/shards', '{}', 405, 'method_not_allowed'],
    ['GET', '/nothing', undefined, 404, 'not_found'],
    ['DELETE', '/moves/none', undefined, 404, 'unknown-move'],
  ])('%s %s %.14s is answered with a code and changes nothing', async (method, path, body, status, code) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(path, { method, ...(body === undefined ? {} : { headers, body }) });
    expect(answer).toEqual({
      status,
      body: { error: { code, definite: true, message: expect.any(String) as string } },
    });
    expect((await view()).isClean).toBe(true);
  });
});

describe('a shard that joins', () => {
  test('is only shown by --dry-run', async () => {
    const { stdout, exitCode } = await vase.run(['shard', 'add', '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('341 slots would move (etcd-3)');
    expect((await view()).shards.map(({ id }) => id)).toEqual([1, 2]);
  });

  test('gets its share although the view server is killed while it is made and while slots move', async () => {
    const headers = { 'idempotency-key': 'e2e-add' };
    const asked = await ask('/shards', { method: 'POST', headers });
    expect(asked.status).toBe(202);
    // Killed as soon as the job has begun: the view server that was making the shard is gone.
    await vase.provider.faults.kill(await leader());
    expect((await repeat('/shards', { method: 'POST', headers })).body).toMatchObject({
      jobs: [{ id: 'e2e-add' }],
    });
    await expect
      .poll(async () => (await view().catch(() => null))?.moves.length ?? 0, {
        timeout: 60_000,
        interval: 20,
      })
      .toBeGreaterThan(0);
    for (const viewServer of (await vase.status()).viewServers)
      if (viewServer.process === 'stopped') await vase.provider.faults.restart(viewServer.name);
    await expect.poll(() => leader().catch(() => null), { timeout: 60_000 }).not.toBe(null);
    await vase.provider.faults.kill(await leader());
    const clean = await whenClean();
    expect(clean.shards.map(({ id, slots }) => [id, slots])).toEqual([
      [1, 342],
      [2, 341],
      [3, 341],
    ]);
    await expectAllKeys();
  });

  test('is known to `up`, which starts what died and refuses another number', async () => {
    expect((await vase.run(['up'])).stdout).toContain('3 shards of 1 member');
    expect(await vase.status()).toMatchObject({ health: 'ready', problems: [] });
    const refused = await vase.run(['up', '--shards', '5']);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('vase shard add');
  });
});

test('a command that follows a job goes on when the view server that it asks is killed', async () => {
  const following = vase.start(['rebalance', '--weight', '3=0.1']);
  const followed = ended(following);
  let progress = '';
  following.stderr!.on('data', (text: Buffer) => (progress += text.toString()));
  while (!progress.includes('moving') && following.exitCode === null) await delay(20);
  const { viewServers } = await vase.status();
  const asked = await vase.provider.viewServerEndpoint();
  await vase.provider.faults.kill(viewServers.find(({ endpoint }) => endpoint === asked)!.name);
  expect(await followed).toMatchObject({ exitCode: 0 });
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.run(['rebalance'])).exitCode).toBe(0);
  expect(await shares()).toEqual([341, 341, 342]);
});

test('a move that is taken back leaves records that can be read, and the next job has its turn', async () => {
  const { stdout } = await vase.run(['move', '0-1023', '--to', '2', '--no-wait', '--json']);
  const [job] = (JSON.parse(stdout) as { jobs: Job[] }).jobs;
  expect((await vase.run(['view', '--abort', job!.id])).exitCode).toBe(0);
  await whenClean();
  expect((await ask(`/jobs/${job!.id}`)).body).toMatchObject({
    job: { state: 'aborted', note: expect.stringContaining('taken back') as string },
  });
  expect((await vase.run(['rebalance'])).exitCode).toBe(0);
  await expectAllKeys();
});

describe('a shard that leaves', () => {
  test('stays when its removal is taken back, and gets its share again', async () => {
    const { body } = await ask('/shards/3', { method: 'DELETE' });
    const [job] = (body as { jobs: Job[] }).jobs;
    await expect.poll(async () => (await view()).progress.slotsMoved, { timeout: 60_000 }).toBeGreaterThan(0);
    expect((await vase.run(['view', '--abort', job!.id])).exitCode).toBe(0);
    const clean = await whenClean();
    expect((await ask(`/jobs/${job!.id}`)).body).toMatchObject({ job: { state: 'aborted' } });
    expect(clean.shards.map(({ id, state }) => [id, state])).toContainEqual([3, 'active']);
    expect((await vase.run(['rebalance'])).exitCode).toBe(0);
    expect(await shares()).toEqual([341, 341, 342]);
    await expectAllKeys();
  });

  test('gives everything away, under way or not, and its processes and data go', async () => {
    const following = vase.start(['shard', 'remove', '3']);
    const left = new Promise<number | null>((resolve) => following.once('close', resolve));
    let progress = '';
    following.stderr!.on('data', (text: Buffer) => (progress += text.toString()));
    while (!/removing|moving/.test(progress) && following.exitCode === null) await delay(20);
    following.kill('SIGINT');
    // A command that only watches may end: the view server continues the job.
    expect(await left).toBe(1);
    expect(progress).toContain('the view server goes on');
    const clean = await whenClean();
    expect(clean.shards.map(({ id, slots }) => [id, slots])).toEqual([
      [1, 512],
      [2, 512],
    ]);
    expect(clean.nextShard).toBe(4);
    const status = await vase.status();
    expect(status.shards.map(({ name }) => name)).toEqual(['etcd-1', 'etcd-2']);
    await expectAllKeys();
  });

  test('leaves a cluster that goes down, comes up and is cleaned as any other', async () => {
    await vase.run(['down']);
    expect(vase.processes()).toEqual([]);
    expect((await vase.run(['up'])).stdout).toContain('2 shards of 1 member');
    await expectAllKeys();
    const { stdout } = await vase.run(['view', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ isClean: true, nextShard: 4 });
  });
});

test('events tell what happens, from the number on that a reader names', async () => {
  const first = await readEvents(server, 1);
  expect(first.join('\n')).toMatch(/^id: 1\nevent: \w+/);
});

/** Repeats the request while no view server is leader. */
async function repeat(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  const deadlineMs = performance.now() + 30_000;
  for (;;) {
    const answer = await ask(path, init).catch(() => null);
    if (answer !== null && answer.status < 500) return answer;
    if (performance.now() > deadlineMs) throw new Error(`no answer to ${path}`);
    await delay(100);
  }
}

async function readEvents(endpoint: string, count: number): Promise<string[]> {
  const abort = new AbortController();
  const response = await fetch(`${endpoint}/events`, { signal: abort.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  let text = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    text += piece;
    if (text.split('\n\n').length > count) break;
  }
  abort.abort();
  return text.split('\n\n').slice(0, count);
}
