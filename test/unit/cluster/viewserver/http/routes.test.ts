// What a view server that leads a cluster in memory answers over HTTP.
import type { Server } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from '../../../../../cluster/viewserver/http/app.ts';
import type { Leadership } from '../../../../../cluster/viewserver/leading/leadership.ts';
import { createHttpServer, listen } from '../../../../../sharder/http/server.ts';
import { MemoryCluster } from '../memory-cluster.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

interface Answer {
  status: number;
  body: object;
}

interface ServedCluster {
  cluster: MemoryCluster;
  leadership: Leadership;
  url: string;
  ask: (method: string, path: string, options?: { body?: object; key?: string }) => Promise<Answer>;
}

async function serve(shards: number): Promise<ServedCluster> {
  const cluster = new MemoryCluster(shards);
  const leadership = cluster.lead();
  const server: Server = createHttpServer(
    createApp({
      registry: new Registry(),
      readiness: { problem: null },
      lease: leadership.lease,
      leadership: () => (leadership.ended.aborted ? null : leadership),
      logger: pino({ level: 'silent' }),
    }),
  );
  const port = await listen(server, { host: '127.0.0.1', port: 0, reusePort: false });
  ends.push(() => {
    leadership.stop();
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${port}`;
  const ask: ServedCluster['ask'] = async (method, path, { body, key } = {}) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as object };
  };
  return { cluster, leadership, url, ask };
}

test('wrong weights are refused at once, whether they are to be carried out or shown', async () => {
  const { cluster, ask } = await serve(2);
  for (const dryRun of [true, false]) {
    const unknown = await ask('POST', '/rebalance', { body: { weights: { 7: 1 }, dryRun } });
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'unknown-shard' } } });
    const none = await ask('POST', '/rebalance', { body: { weights: { 1: 0, 2: 0 }, dryRun } });
    expect(none).toMatchObject({ status: 400, body: { error: { code: 'bad-weights' } } });
  }
  expect(cluster.jobs).toEqual([]);
});

test('what is left of a shard that the view has forgotten can be removed, and nothing else that it does not have', async () => {
  const { cluster, ask } = await serve(1);
  cluster.setView({ ...cluster.view, epoch: 2, nextShard: 4 });
  cluster.make(3);
  cluster.make(4);
  expect(await ask('DELETE', '/shards/3', { body: { dryRun: true } })).toMatchObject({ body: { slots: 0 } });
  expect(await ask('DELETE', '/shards/3', { key: 'gone' })).toMatchObject({ status: 202 });
  expect(await cluster.ended('gone')).toMatchObject({ state: 'done', note: 'shard 3 is gone' });
  expect(cluster.ids).toEqual([1, 4]);
  for (const id of [2, 3, 4]) expect(await ask('DELETE', `/shards/${id}`)).toMatchObject({ status: 404 });
});

const waiting = { kind: 'move', slots: [0], to: 2 } as const;

test('a request that is repeated under its key is answered with its job, even when the work has ended', async () => {
  const { cluster, ask } = await serve(2);
  // The shard has gone since, by this very job or another one.
  const work = { kind: 'remove-shard', shard: 3 } as const;
  const ended = { state: 'done', endedAt: '2026-01-01T00:00:00.000Z' } as const;
  cluster.setJobs([
    { id: 'removed', work, ...ended },
    { id: 'moved', work: { kind: 'move', slots: [0], to: 3 }, ...ended },
    { id: 'evened', work: { kind: 'rebalance', weights: { 3: 1 } }, ...ended },
  ]);
  const again = [
    await ask('DELETE', '/shards/3', { key: 'removed' }),
    await ask('POST', '/moves', { key: 'moved', body: { slots: '0', to: 3 } }),
    await ask('POST', '/rebalance', { key: 'evened', body: { weights: { 3: 1 } } }),
  ];
  expect(again).toMatchObject(
    ['removed', 'moved', 'evened'].map((id) => ({ status: 202, body: { jobs: [{ id, state: 'done' }] } })),
  );
});

test('a removal that is being taken back is not the answer to one that is asked for now', async () => {
  const { cluster, ask } = await serve(2);
  const work = { kind: 'remove-shard', shard: 2 } as const;
  cluster.fleet.onCreate = () => new Promise(() => undefined);
  cluster.setJobs([
    { id: 'first', work: { kind: 'add-shard', shard: null } },
    { id: 'back', work, abort: true },
  ]);
  expect(await ask('DELETE', '/shards/2', { key: 'new' })).toMatchObject({ body: { jobs: [{ id: 'new' }] } });
  expect(await ask('DELETE', '/shards/2', { key: 'other' })).toMatchObject({
    body: { jobs: [{ id: 'new' }] },
  });
});

test('of several jobs all are recorded, or none when there is no room for all', async () => {
  const { cluster, ask } = await serve(2);
  cluster.fleet.onCreate = () => new Promise(() => undefined);
  const first = { id: 'first', work: { kind: 'add-shard', shard: null } } as const;
  cluster.setJobs([first, ...Array.from({ length: 29 }, (_, index) => ({ id: `${index}`, work: waiting }))]);
  const refused = await ask('POST', '/shards', { key: 'a', body: { count: 3 } });
  expect(refused).toMatchObject({ status: 429, body: { error: { definite: true } } });
  expect(cluster.jobs).toHaveLength(30);
  expect(await ask('POST', '/shards', { key: 'b', body: { count: 2 } })).toMatchObject({
    status: 202,
    body: { jobs: [{ id: 'b.1' }, { id: 'b.2' }] },
  });
});

test('a reader of events hears all of them after an id of another process, and the end of the leadership', async () => {
  const { leadership, url } = await serve(1);
  leadership.events.emit('first', {});
  const response = await fetch(`${url}/events`, { headers: { 'last-event-id': '4711' } });
  leadership.events.emit('second', {});
  setTimeout(() => leadership.stop(), 20);
  // Ends by itself.
  expect((await response.text()).match(/event: \w+/g)).toEqual(['event: first', 'event: second']);
});

test('a job that waits and is taken back ends at once, and so does one that is running when it can', async () => {
  const { cluster, ask } = await serve(2);
  cluster.fleet.onCreate = () => new Promise(() => undefined);
  cluster.setJobs([
    { id: 'first', work: { kind: 'add-shard', shard: null } },
    { id: 'next', work: waiting },
    { id: 'past', work: waiting, state: 'done', endedAt: '2026-01-01T00:00:00.000Z' },
  ]);
  await vi.waitFor(() => expect(cluster.jobs[0]!.state).toBe('running'));
  const taken = {
    status: 202,
    body: { job: { id: 'next', state: 'aborted', note: 'taken back before it began' } },
  };
  expect(await ask('DELETE', '/jobs/next')).toMatchObject(taken);
  // Asked again, as by a client that has not heard the answer.
  expect(await ask('DELETE', '/jobs/next')).toMatchObject(taken);
  expect(await ask('DELETE', '/jobs/past')).toMatchObject({
    status: 409,
    body: { error: { code: 'job-ended' } },
  });
  expect(cluster.view.moves).toEqual([]);
  expect(await ask('DELETE', '/jobs/first')).toMatchObject({
    status: 202,
    body: { job: { state: 'running', abort: true, endedAt: null } },
  });
});
