// When a shard is full for users: by what its members say, and by what was sent since.
import { expect, test } from 'vitest';
import type { StatusReply } from '../../../sharder/core/etcd-messages.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { Operation } from '../../../sharder/core/operation.ts';
import { always } from '../../../sharder/core/operation.ts';
import { createPending } from '../../../sharder/core/pending.ts';
import { RoomKeeper } from '../../../sharder/core/room-keeper.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import { World } from '../../../sim/run/world/world.ts';

const mebibyte = 1024 * 1024;
const quotaMiB = 1024;
/** 64 MiB are kept. */
const limitMiB = 960;

function status(inUseMiB: number, { sizeMiB = inUseMiB, quota = quotaMiB } = {}): StatusReply {
  return {
    kind: 'status',
    header: null,
    version: '3.6.16',
    dbSizeBytes: sizeMiB * mebibyte,
    dbSizeInUseBytes: inUseMiB * mebibyte,
    quotaBytes: quota * mebibyte,
    leaderId: '1',
    raftIndex: 1,
    raftTerm: 1,
    isLearner: false,
  };
}

/** A keeper in virtual time, whose members say what `say` returns. */
function keep(say: () => StatusReply[], quotaBytes: number | null = null) {
  const world = new World({ seed: 1 });
  const { clock, trace } = world.addProcess('sharder');
  const asked: number[] = [];
  const client = {
    readStatuses: () => {
      asked.push(clock.nowMs());
      return Promise.resolve(say());
    },
  } as unknown as ShardClient;
  const room = new RoomKeeper(1, client, { clock, trace, limits: defaultLimits, quotaBytes });
  const run = (untilMs: number) => world.run({ untilMs });
  return { room, run, asked };
}

function outcomes(room: RoomKeeper) {
  const value = new Uint8Array(3);
  const operations: Operation[] = [
    { kind: 'put', key: 'a', value, condition: always, wantPrevious: false },
    { kind: 'delete', key: 'b', condition: always, wantPrevious: false },
    { kind: 'put', key: 'c', value, condition: { kind: 'exists' }, wantPrevious: false },
  ];
  const settled: unknown[] = [];
  const batch = operations.map((operation) => createPending(operation, 1, 1e6, (end) => settled.push(end)));
  return { kept: room.fitting(batch).map(({ operation }) => operation.key), settled };
}

test('puts are refused definitely when the reserve is all that is left, and deletes are taken', async () => {
  const { room, run } = keep(() => [status(100), status(limitMiB)]);
  await run(100);
  const { kept, settled } = outcomes(room);
  expect(kept).toEqual(['b']);
  expect(settled).toEqual([
    expect.objectContaining({ kind: 'failed', code: 'no_space' }),
    expect.objectContaining({ message: expect.stringMatching('shard 1 is full: 960 of 1024 MiB') as string }),
  ]);
});

test('what is not known is not refused: no answer, no quota', async () => {
  const silent = keep(() => []);
  const unsaid = keep(() => [status(2000, { quota: 0 })]);
  const none = keep(() => [status(2000, { quota: -1 })]);
  for (const { room, run } of [silent, unsaid, none]) {
    await run(20_000);
    room.noteSent(1e12);
    expect(room.isSpent).toBe(false);
  }
});

test('a quota that the members do not say is given', async () => {
  const { room, run } = keep(() => [status(1000, { quota: 0 })], quotaMiB * mebibyte);
  await run(100);
  expect(room.isSpent).toBe(true);
});

test('there is room again after the next answer; one that fails changes nothing, several make it unknown', async () => {
  let said = [status(limitMiB)];
  const { room, run } = keep(() => said);
  await run(100);
  said = [];
  await run(5500);
  expect(room.isSpent).toBe(true);
  await run(16_000);
  expect(room.isSpent).toBe(false);
  said = [status(limitMiB)];
  await run(21_000);
  expect(room.isSpent).toBe(true);
  said = [status(limitMiB - 1)];
  await run(26_000);
  expect(room.isSpent).toBe(false);
});

test('gaps are room until they take nearly all of the quota', async () => {
  let said = [status(100, { sizeMiB: 1000 })];
  const { room, run } = keep(() => said);
  await run(100);
  expect(room.isSpent).toBe(false);
  said = [status(100, { sizeMiB: 1010 })];
  await run(6000);
  expect(outcomes(room).settled[0]).toMatchObject({
    message: expect.stringMatching('defragmented') as string,
  });
});

test('what was sent counts until the next answer does, and asks for that sooner', async () => {
  const { room, run, asked } = keep(() => [status(900)]);
  await run(1000);
  room.noteSent(mebibyte);
  await run(2000);
  expect(asked.length).toBe(1);
  room.noteSent(10 * mebibyte);
  await run(2500);
  expect(asked.length).toBe(2);
  expect(room.isSpent).toBe(false);
  room.noteSent(60 * mebibyte);
  expect(room.isSpent).toBe(true);
  await run(3500);
  expect(room.isSpent).toBe(false);
});

test('however much is sent, questions are a tenth of a second apart', async () => {
  const { room, run, asked } = keep(() => [status(900)]);
  for (let ms = 0; ms < 1000; ms += 10) {
    await run(ms);
    room.noteSent(8 * mebibyte);
  }
  expect(asked.length).toBeGreaterThan(5);
  expect(asked.length).toBeLessThanOrEqual(12);
});

test('nobody is asked where limits say so, or once it is closed', async () => {
  const { room, run, asked } = keep(() => [status(900)]);
  await run(100);
  room.close();
  room.noteSent(1e12);
  await run(60_000);
  expect(asked.length).toBe(1);
});
