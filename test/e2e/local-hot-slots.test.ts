// The autoscaler under an uneven load: hot slots move before a shard is added, and a hot key is reported as such.
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSlots } from '../../cluster/metrics/read-slots.ts';
import { slotOf } from '../../sharder/core/slot.ts';
import { hashText } from '../../sharder/hash.ts';
import { VaseCommand } from './vase-command.ts';

const clients = 32;
const windowSeconds = 5;
const waitMs = 120_000;
const value = 'x'.repeat(200);
let vase: VaseCommand;
let endpoint: string;
let hot: string[];

beforeAll(async () => {
  vase = new VaseCommand();
  const file = `${vase.stateRoot}.yaml`;
  // Any load breaks the objective: the test is about the reaction.
  const shards = {
    enabled: true,
    p95Ms: 1,
    windowSeconds,
    requestsMin: 20,
    cooldownSeconds: 5,
    min: 2,
    max: 2,
  };
  writeFileSync(file, JSON.stringify({ autoscaling: { shards } }));
  const size = ['--shards', '2', '--members', '1', '--sharders', '1', '--port', '0'];
  const up = await vase.run(['up', ...size, '--topology', file]);
  expect(up.exitCode, up.stderr).toBe(0);
  endpoint = (await vase.status()).endpoint!;
  // Two keys of shard 1, which has the lower half of the slots.
  const keys = Array.from({ length: 100 }, (_, index) => `key-${index}`);
  hot = keys.filter((key) => slotOf(key, hashText) < 512).slice(0, 2);
});
afterAll(() => vase.remove());

interface Decision {
  kind: string;
  reason: string;
  isCarriedOut: boolean;
}

async function autoscaler(): Promise<Decision[]> {
  const [server] = (await vase.status()).viewServers;
  const response = await fetch(`${server!.endpoint}/autoscaler`);
  return ((await response.json()) as { decisions: Decision[] }).decisions;
}

/** Writes these keys until `isOver`: a transaction has at most one write of a key, so the shard is busy all the time. */
async function putUntil(keys: readonly string[], isOver: () => Promise<boolean>): Promise<void> {
  let ends = false;
  const writers = Array.from({ length: clients }, async () => {
    for (let count = 0; !ends; count++) {
      const key = keys[count % keys.length] ?? '';
      await (
        await fetch(`${endpoint}/v1/kv/${encodeURIComponent(key)}`, { method: 'PUT', body: value })
      ).arrayBuffer();
    }
  });
  try {
    await expect.poll(isOver, { timeout: waitMs, interval: 1000 }).toBe(true);
  } finally {
    ends = true;
    await Promise.all(writers);
  }
}

async function owners(): Promise<number[]> {
  const { stdout } = await vase.run(['view', '--json']);
  const { slots: spans } = JSON.parse(stdout) as { slots: { slots: string; shard: number }[] };
  return hot.map((key) => {
    const slot = slotOf(key, hashText);
    const span = spans.find(({ slots }) => {
      const [first = 0, last = 0] = slots.split('-').map(Number);
      return first <= slot && slot <= last;
    });
    return span?.shard ?? 0;
  });
}

test('a sharder counts operations by slot', async () => {
  const [sharder] = (await vase.status()).sharders;
  const url = `http://${sharder!.adminEndpoint}/metrics`;
  const slot = slotOf('key-0', hashText);
  const count = async () => (await readSlots([url])).get(url)![slot]!;
  const before = await count();
  for (let request = 0; request < 3; request++) await fetch(`${endpoint}/v1/kv/key-0`);
  expect((await count()) - before).toBe(3);
});

test('two hot slots of one shard: one of them moves to the other', async () => {
  await putUntil(hot, async () => new Set(await owners()).size === 2);
  const moved = (await autoscaler()).find(({ kind }) => kind === 'move-slots');
  expect(moved).toMatchObject({ isCarriedOut: true });
  expect(moved!.reason).toMatch(/shard 1 has \d+ % of the operations, slot \d+ alone \d+ %/);
});

test('one hot key is called so, and nothing is done', async () => {
  const before = (await autoscaler()).length;
  const isSaid = async () =>
    (await autoscaler()).slice(before).some(({ reason }) => reason.includes('one key is hot'));
  await putUntil(hot.slice(0, 1), isSaid);
  const later = (await autoscaler()).slice(before).filter(({ reason }) => reason.includes('one key is hot'));
  expect(new Set(later.map(({ kind }) => kind))).toEqual(new Set(['none']));
});
