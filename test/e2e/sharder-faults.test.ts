/** Faults of leaders under HTTP load: no stale read, no acknowledged write lost, 504 with `definite: false`. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { createWriter, type Writer } from '../support/recorded-writer.ts';

/** A strike between a writer's two operations hits no write under way: hence several. */
const strikesMax = 5;

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await startLocalCluster({ shards: 1, members: 3, sharders: 1 });
});

afterAll(() => cluster.close());

async function leaderName(): Promise<string> {
  const targets = await cluster.provider.faults.targets();
  const leader = targets.find(
    (target) => target.kind === 'member' && target.leads && target.process === 'running',
  );
  if (!leader) throw new Error('nobody leads');
  return leader.name;
}

/** Runs writers, each on its own key, with a fault in between; returns when each has succeeded often after the fault. */
async function withWriters(
  name: string,
  strike: (writers: readonly Writer[]) => Promise<void>,
): Promise<readonly Writer[]> {
  const writers = Array.from({ length: 8 }, (_, index) => createWriter(cluster.endpoint, `${name}-${index}`));
  const running = writers.map((writer) => writer.run());
  await Promise.all(writers.map((writer) => writer.untilAcknowledged(20)));
  await strike(writers);
  await Promise.all(writers.map((writer) => writer.untilAcknowledged(20)));
  for (const writer of writers) writer.stop();
  await Promise.all(running);
  return writers;
}

async function expectSound(writers: readonly Writer[]): Promise<void> {
  for (const writer of writers) expect((await writer.read()).kind).toBe('ok');
  const verdict = checkHistory(writers.flatMap((writer) => writer.history));
  expect(verdict.keys.filter(({ kind }) => kind !== 'ok')).toEqual([]);
  expect(verdict.keys).toHaveLength(writers.length);
}

test('a paused leader causes no stale read and loses no acknowledged write, also when it comes back', async () => {
  const indefinite: unknown[] = [];
  for (let strike = 0; strike < strikesMax && indefinite.length === 0; strike++) {
    const writers = await withWriters(`paused-${strike}`, async (all) => {
      const leader = await leaderName();
      await cluster.provider.faults.pause(leader);
      await Promise.all(all.map((writer) => writer.untilAcknowledged(20)));
      await cluster.provider.faults.resume(leader);
    });
    await expectSound(writers);
    indefinite.push(...writers.flatMap((writer) => writer.indefinite));
  }
  expect(indefinite.length).toBeGreaterThan(0);
  for (const body of indefinite) expect(body).toMatchObject({ error: { definite: false } });
});

test('a killed leader causes no stale read and loses no acknowledged write, also when it is started again', async () => {
  const writers = await withWriters('killed', async (all) => {
    const leader = await leaderName();
    await cluster.provider.faults.kill(leader);
    await Promise.all(all.map((writer) => writer.untilAcknowledged(20)));
    await cluster.provider.faults.restart(leader);
  });
  await expectSound(writers);
});

test('without a quorum writes and reads end in time, in 504 with definite false or in a definite failure', async () => {
  const members = (await cluster.provider.faults.targets()).filter((target) => target.kind === 'member');
  for (const { name } of members) await cluster.provider.faults.pause(name);
  try {
    for (const init of [{ method: 'PUT', body: 'x' }, { method: 'GET' }]) {
      const startedAtMs = performance.now();
      const response = await fetch(`${cluster.endpoint}/v1/kv/no-quorum`, init);
      expect(response.status).toBe(504);
      expect(await response.json()).toMatchObject({ error: { code: 'timeout', definite: false } });
      // The operation timeout is 5 s; the rest is for a busy machine.
      expect(performance.now() - startedAtMs).toBeLessThan(9000);
    }
  } finally {
    for (const { name } of members) await cluster.provider.faults.resume(name);
  }
});
