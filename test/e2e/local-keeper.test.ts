// The keeper restarts and counts a process that ends by a fault, not one that was stopped on purpose, and ends with the cluster.
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { smallCluster, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeEach(async () => {
  vase = new VaseCommand();
  const own = vase;
  onTestFinished(() => own.remove());
  expect((await vase.run(['up', ...smallCluster])).stderr).toContain('Start the keeper');
});

const poll = { timeout: 60_000 };
const isReady = async () => (await vase.status()).health === 'ready';

interface Seen {
  pid: number | null;
  count: number;
  at: string | null;
}

async function seen(): Promise<Record<string, Seen>> {
  const { shards, sharders, viewServers } = await vase.status();
  const owners = [...shards.flatMap(({ members }) => members), ...sharders, ...viewServers];
  return Object.fromEntries(owners.map(({ name, pid, restarts }) => [name, { pid, ...restarts }]));
}

/** The lines of one process in the keeper's log that contain the text: the time of each in ms. */
function logged(name: string, text: string): number[] {
  return readFileSync(`${vase.stateRoot}/logs/keeper.log`, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"process":"${name}"`) && line.includes(text))
    .map((line) => (JSON.parse(line) as { time: number }).time);
}

test('a member, a sharder and a view server that are killed come back, are counted, and nothing is lost', async () => {
  await vase.run(['put', 'kept', 'through everything']);
  const before = await seen();
  for (const { pid } of Object.values(before)) process.kill(pid!, 'SIGKILL');
  await expect.poll(isReady, poll).toBe(true);
  const after = await seen();
  expect(Object.keys(after)).toEqual(['etcd-1-0', 'sharder-1', 'view-server-1']);
  for (const [name, { pid, count, at }] of Object.entries(after)) {
    expect(pid).not.toBe(before[name]!.pid);
    expect([count, typeof at]).toEqual([1, 'string']);
  }
  const { stdout } = await vase.run(['status']);
  expect(stdout).toMatch(/sharder-1 +running +\d+ +1 /);
  expect(stdout).toContain('sharder-1 has ended by itself and was started again: 1 time, last at ');
  expect((await vase.run(['get', 'kept'])).stdout).toBe('through everything');
  expect((await vase.run(['logs', 'keeper'])).stdout).toContain('"msg":"restarted process"');
  expect((await vase.run(['up'])).stdout).toContain('nothing changed');
});

test('one that ends again and again is started after pauses that grow', async () => {
  for (let round = 1; round <= 3; round++) {
    const pid = (await seen())['sharder-1']!.pid!;
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await seen())['sharder-1']!.count, poll).toBe(round);
  }
  const ends = logged('sharder-1', '"msg":"process ended"');
  const starts = logged('sharder-1', '"msg":"restarted process"');
  const pauses = starts.map((start, index) => start - ends[index]!);
  expect(pauses).toHaveLength(3);
  for (const [index, pause] of pauses.entries()) expect(pause).toBeGreaterThanOrEqual(950 * 2 ** index);
});

test('what a test has killed stays down until it is asked for', async () => {
  await vase.provider.faults.kill('sharder-1');
  await delay(4000);
  expect((await seen())['sharder-1']).toMatchObject({ pid: null, count: 0 });
  await vase.provider.faults.restart('sharder-1');
  await expect.poll(isReady, poll).toBe(true);
  process.kill((await seen())['sharder-1']!.pid!, 'SIGKILL');
  await expect.poll(async () => (await seen())['sharder-1']!.count, poll).toBe(1);
});

test('a member without its data is not started empty, and is started once they are back', async () => {
  const data = `${vase.stateRoot}/data/etcd-1-0`;
  await vase.run(['put', 'kept', 'here']);
  process.kill((await seen())['etcd-1-0']!.pid!, 'SIGKILL');
  renameSync(data, `${data}.away`);
  await expect
    .poll(() => logged('etcd-1-0', 'the data of etcd-1-0 are gone').length, poll)
    .toBeGreaterThan(0);
  expect((await seen())['etcd-1-0']).toMatchObject({ pid: null, count: 0 });
  renameSync(`${data}.away`, data);
  await expect.poll(isReady, poll).toBe(true);
  expect((await vase.run(['get', 'kept'])).stdout).toBe('here');
});

test('without a keeper the status says so, and up starts one', async () => {
  process.kill(await vase.keeperPid(), 'SIGKILL');
  await expect
    .poll(async () => (await vase.status()).problems.map(({ what }) => what), poll)
    .toEqual(['the keeper does not run: what ends is not started again']);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect(await isReady()).toBe(true);
});

test('down ends it, and so does the end of the folder', async () => {
  const gone = (pid: number) => () => vase.processes().includes(pid);
  const first = await vase.keeperPid();
  expect((await vase.run(['down'])).stderr).toContain('Stop the keeper');
  expect(gone(first)()).toBe(false);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  const second = await vase.keeperPid();
  rmSync(`${vase.stateRoot}/cluster.json`);
  await expect.poll(gone(second), poll).toBe(false);
});
