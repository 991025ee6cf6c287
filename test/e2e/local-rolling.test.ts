// Sharders that stop leave no request unanswered: one that is told to end, and all of them, one after the other.
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { KeptLoad } from '../support/kept-load.ts';
import { VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
let endpoint: string;
beforeAll(async () => {
  vase = new VaseCommand();
  const size = ['--shards', '1', '--members', '1', '--sharders', '2', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  endpoint = (await vase.provider.endpoint())!;
});
afterAll(() => vase.remove());

const pids = async () => (await vase.status()).sharders.map(({ pid }) => pid);

test('a rolling restart of all sharders leaves no request of 16 kept connections without an answer', async () => {
  const before = await pids();
  const load = new KeptLoad(endpoint);
  await delay(500);
  // As after a change of version: the recorded settings differ from those of a new start.
  const file = `${vase.stateRoot}/cluster.json`;
  const state = JSON.parse(readFileSync(file, 'utf8')) as { sharders: { settings: string }[] };
  for (const sharder of state.sharders) sharder.settings = 'of another version';
  writeFileSync(file, JSON.stringify(state));
  const up = await vase.run(['up']);
  await delay(500);
  const { lost, told, refused, statuses, answered } = await load.stop();
  expect(up).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('2 started') as string });
  const after = await pids();
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
  expect({ lost, refused, statuses }).toEqual({ lost: [], refused: 0, statuses: { 204: answered } });
  // Each connection was to one of the two sharders.
  expect(told).toBeGreaterThanOrEqual(16);
});
