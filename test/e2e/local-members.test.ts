// A member whose data are lost: `up` names it with the command to type and never starts it on an empty disk. It is replaced
// under load without loss of acknowledged writes, however often the replacement is cut short.
import { createInterface } from 'node:readline';
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { AcknowledgedWrites, missingOf } from '../support/acknowledged-writes.ts';
import { ended, VaseCommand, type Ended } from './vase-command.ts';

let vase: VaseCommand;
let endpoint: string;
beforeEach(async () => {
  vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  const size = ['--shards', '1', '--members', '3', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  endpoint = (await vase.provider.endpoint())!;
});

const data = (member = '') => join(vase.stateRoot, 'data', member);
const log = (member: string) => join(data(member), 'member', 'wal');
const kept = () => readdirSync(data()).filter((name) => name.includes('.kept-'));
const list = () => vase.provider.members.list();

/** Kills the member permanently and does something to its folder. */
async function lose(member: string, harm: () => void): Promise<void> {
  await vase.provider.faults.kill(member);
  harm();
}

function damage(member: string): void {
  const [first] = readdirSync(log(member))
    .filter((name) => name.endsWith('.wal'))
    .toSorted();
  const file = openSync(join(log(member), first!), 'r+');
  writeSync(file, Buffer.from('no entry of a log '.repeat(8)), 0, null, 1500);
  closeSync(file);
}

/** The result with all output, as a failed test shows it. */
const whole = ({ exitCode, stdout, stderr }: Ended) => ({ exitCode, said: `${stdout}\n${stderr}` });

// etcd itself takes such a folder for a new member's.
test('a member without the segments of its log is named, left out, and replaced under load', async () => {
  const writes = new AcknowledgedWrites(endpoint, 'key');
  await expect.poll(() => writes.keys.length).toBeGreaterThan(20);
  await lose('etcd-1-0', () =>
    readdirSync(log('etcd-1-0')).forEach((name) => rmSync(join(log('etcd-1-0'), name))),
  );
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  for (const { stdout } of [up, await vase.run(['status']), await vase.run(['member', 'list'])]) {
    expect(stdout).toContain('the data of etcd-1-0 are gone');
    expect(stdout).toContain('`vase member replace etcd-1-0`');
  }
  // On a busy machine a member may take longer to answer than the command waits.
  let before = await list();
  const known = async () => (before = await list()).map(({ role, id }) => [role === null, id !== null]);
  await expect.poll(known).toEqual([
    [true, true],
    [false, true],
    [false, true],
  ]);
  expect(whole(await vase.run(['member', 'replace', 'etcd-1-0']))).toMatchObject({ exitCode: 0 });
  let after = await list();
  const problems = async () => (after = await list()).map(({ problem }) => problem);
  await expect.poll(problems).toEqual([null, null, null]);
  expect(after.map(({ role }) => String(role)).toSorted((a, b) => a.localeCompare(b))).toEqual([
    'follower',
    'follower',
    'leader',
  ]);
  expect(after.map((member) => member.endpoint)).toEqual(before.map((member) => member.endpoint));
  expect(after[0]!.id).not.toBe(before[0]!.id);
  // The new member is one of the two that remain.
  await vase.provider.faults.kill('etcd-1-1');
  const keys = await writes.stop();
  await expect.poll(async () => (await list()).some(({ role }) => role === 'leader')).toBe(true);
  expect(await missingOf(endpoint, keys)).toEqual([]);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.run(['down'])).exitCode).toBe(0);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect((await vase.status()).health).toBe('ready');
  expect(await missingOf(endpoint, keys)).toEqual([]);
});

test('a member whose log is damaged is named; `up --replace` replaces it and keeps its folder', async () => {
  for (let index = 0; index < 50; index++)
    expect((await fetch(`${endpoint}/v1/kv/key-${index}`, { method: 'PUT', body: `key-${index}` })).ok).toBe(
      true,
    );
  const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
  expect((await vase.run(['down'])).exitCode).toBe(0);
  damage('etcd-1-2');
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  expect(up.stdout).toContain('the data of etcd-1-2 are damaged');
  expect(up.stdout).toContain('`vase member replace etcd-1-2`');
  expect((await vase.run(['status'])).stdout).toContain('the data of etcd-1-2 are damaged');
  expect(whole(await vase.run(['up', '--replace']))).toMatchObject({ exitCode: 0 });
  expect((await vase.status()).health).toBe('ready');
  expect(kept()).toEqual([expect.stringMatching(/^etcd-1-2\.kept-2/)]);
  expect((await vase.run(['status'])).stdout).toContain(kept()[0]);
  await vase.provider.faults.kill('etcd-1-0');
  await expect.poll(async () => (await list()).some(({ role }) => role === 'leader')).toBe(true);
  expect(await missingOf(endpoint, keys)).toEqual([]);
  const clean = await vase.run(['clean']);
  expect(clean.stderr).toContain('etcd-1-2.kept-');
  expect(readdirSync(join(vase.stateRoot, '..'))).toEqual([]);
});

test('a replacement that is killed at any of its steps is gone on with, by the same command or by up', async () => {
  const writes = new AcknowledgedWrites(endpoint, 'key');
  const steps = ['removing', 'adding', 'etcd-1-0 (is asking|has)'];
  for (const [index, step] of steps.entries()) {
    await lose('etcd-1-0', () => damage('etcd-1-0'));
    const child = vase.start(['member', 'replace', 'etcd-1-0', '--json']);
    const end = ended(child);
    const seen: string[] = [];
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as { event: string; step?: string };
      if (event.event !== 'started') return;
      seen.push(event.step!);
      if (new RegExp(`^${step}`).test(event.step!)) child.kill('SIGKILL');
    });
    const { stderr } = await end;
    expect(seen.at(-1) ?? stderr).toMatch(new RegExp(`^${step}`));
    const command = index % 2 === 0 ? ['member', 'replace', 'etcd-1-0'] : ['up'];
    expect(whole(await vase.run(command))).toMatchObject({ exitCode: 0 });
    await expect.poll(async () => (await vase.status()).problems, { timeout: 30_000 }).toEqual([]);
    await expect.poll(async () => (await list()).map(({ problem }) => problem)).toEqual([null, null, null]);
  }
  const keys = await writes.stop();
  expect(keys.length).toBeGreaterThan(50);
  expect(await missingOf(endpoint, keys)).toEqual([]);
});

test('a member that is well is not replaced, and neither is one that its shard cannot do without', async () => {
  const ids = async () => (await list()).map(({ id }) => id);
  const before = await ids();
  const leader = (await list()).find(({ role }) => role === 'leader')!.name;
  const well = await vase.run(['member', 'replace', leader]);
  expect(whole(well)).toEqual({
    exitCode: 0,
    said: `${leader} runs on its own data: nothing is replaced.\n\n`,
  });
  await vase.provider.faults.kill('etcd-1-1');
  const stopped = await vase.run(['member', 'replace', 'etcd-1-1']);
  expect([stopped.exitCode, stopped.stdout]).toEqual([0, expect.stringContaining('nothing is replaced')]);
  expect(await ids()).toEqual(before);
  const unknown = await vase.run(['member', 'replace', 'etcd-1-9']);
  expect(unknown).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('etcd-1-0, etcd-1-1, etcd-1-2') as string,
  });
  await vase.provider.faults.kill('etcd-1-0');
  await vase.provider.faults.kill('etcd-1-2');
  rmSync(data('etcd-1-0'), { recursive: true });
  const last = await vase.run(['member', 'replace', 'etcd-1-0']);
  expect(last.exitCode).toBe(1);
  expect(last.stderr).toContain('etcd-1 has no quorum without etcd-1-0');
  expect(last.stderr).toContain('make up');
  expect((await vase.run(['up'])).exitCode).toBe(3);
  expect((await vase.run(['member', 'replace', 'etcd-1-0'])).exitCode).toBe(0);
});

test('a folder of before a replacement, put back, is not started', async () => {
  expect((await vase.run(['down'])).exitCode).toBe(0);
  const old = `${vase.stateRoot}-old`;
  onTestFinished(() => rmSync(old, { recursive: true, force: true }));
  renameSync(data('etcd-1-0'), old);
  expect((await vase.run(['up', '--replace'])).exitCode).toBe(0);
  expect((await vase.run(['down'])).exitCode).toBe(0);
  rmSync(data('etcd-1-0'), { recursive: true });
  renameSync(old, data('etcd-1-0'));
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  expect(up.stdout).toContain('holds the data of an earlier etcd-1-0');
  expect((await vase.run(['member', 'replace', 'etcd-1-0'])).exitCode).toBe(0);
  expect(kept()).toHaveLength(1);
});

test('a write that two of three have is not lost with the disk of one of them, whoever starts first', async () => {
  await vase.provider.faults.kill('etcd-1-2');
  const write = async () => (await fetch(`${endpoint}/v1/kv/dear`, { method: 'PUT', body: 'dear' })).ok;
  await expect.poll(write).toBe(true);
  expect((await vase.run(['down'])).exitCode).toBe(0);
  // A's disk is lost, and B is down when A and C start.
  rmSync(data('etcd-1-0'), { recursive: true });
  mkdirSync(data('etcd-1-0'));
  renameSync(data('etcd-1-1'), data('away'));
  for (const args of [['up'], ['up', '--replace'], ['member', 'replace', 'etcd-1-0']]) {
    const tried = await vase.run(args);
    expect(tried.exitCode).toBe(1);
    expect(tried.stderr).toMatch(/etcd-1 is dead|has no quorum/);
    expect(readdirSync(data('etcd-1-0'))).toEqual([]);
  }
  renameSync(data('away'), data('etcd-1-1'));
  expect((await vase.run(['up'])).exitCode).toBe(3);
  expect(await missingOf((await vase.provider.endpoint())!, ['dear'])).toEqual([]);
  expect((await vase.run(['up', '--replace'])).exitCode).toBe(0);
  await vase.provider.faults.kill('etcd-1-1');
  await expect.poll(async () => (await list()).some(({ role }) => role === 'leader')).toBe(true);
  expect(await missingOf(endpoint, ['dear'])).toEqual([]);
});
