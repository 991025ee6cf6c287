// A shard that has lost its quorum is recovered from one member's data: after a yes, and continued when it is cut short.
import { createInterface } from 'node:readline';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { missingOf } from '../support/acknowledged-writes.ts';
import { ended, VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
let endpoint: string;
const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
beforeEach(async () => {
  vase = new VaseCommand();
  onTestFinished(() => vase.remove());
  const size = ['--shards', '2', '--members', '3', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
  endpoint = (await vase.provider.endpoint())!;
  for (const key of keys)
    expect((await fetch(`${endpoint}/v1/kv/${key}`, { method: 'PUT', body: key })).ok).toBe(true);
});

const data = (member = '') => join(vase.stateRoot, 'data', member);
const recover = ['shard', 'recover', '2', '--from', 'etcd-2-1'];

test('a shard of which two of three disks are lost is recovered from the third, and never without a yes', async () => {
  const early = await vase.run([...recover, '--yes']);
  expect([early.exitCode, early.stdout]).toEqual([0, 'Shard 2 has a leader: nothing is recovered.\n']);
  for (const member of ['etcd-2-0', 'etcd-2-2']) {
    await vase.provider.faults.kill(member);
    rmSync(data(member), { recursive: true });
  }
  const up = await vase.run(['up']);
  expect(up.exitCode).toBe(3);
  expect(up.stdout).toContain('etcd-2 is dead');
  expect(up.stdout).toContain('`vase shard recover 2 --from MEMBER`');
  const asked = await vase.run(recover);
  expect(asked.exitCode).toBe(2);
  expect(asked.stderr).toMatch(/made anew of what etcd-2-1 \(term \d+, entry \d+\) has/);
  expect(asked.stderr).toContain('Lost is whatever the others have acknowledged');
  expect((await vase.status()).shards[1]!.leader).toBeNull();
  const wrong = await vase.run(['shard', 'recover', '2', '--from', 'etcd-2-0', '--yes']);
  expect([wrong.exitCode, wrong.stderr]).toEqual([1, expect.stringContaining('holds no data of etcd-2-0')]);
  const other = await vase.run(['shard', 'recover', '2', '--from', 'etcd-1-0', '--yes']);
  expect([other.exitCode, other.stderr]).toEqual([2, expect.stringContaining('a member of shard 1')]);
  const done = await vase.run([...recover, '--yes']);
  expect({ exitCode: done.exitCode, said: done.exitCode === 0 ? '' : done.stderr }).toEqual({
    exitCode: 0,
    said: '',
  });
  expect((await vase.run(['up'])).exitCode).toBe(0);
  expect(await missingOf(endpoint, keys)).toEqual([]);
  // All three vote: any two of them are a quorum.
  expect((await vase.run(['down'])).exitCode).toBe(0);
  expect((await vase.run(['up'])).exitCode).toBe(0);
  await vase.provider.faults.kill('etcd-2-1');
  await expect.poll(async () => (await vase.status()).shards[1]!.leader).not.toBeNull();
  expect(await missingOf(endpoint, keys)).toEqual([]);
});

test('a member whose data are from before slots left the shard is refused: two shards would own them', async () => {
  await vase.provider.faults.kill('etcd-2-1');
  const move = await vase.run(['move', '1023', '--to', '1']);
  expect({ exitCode: move.exitCode, said: move.exitCode === 0 ? '' : move.stderr }).toEqual({
    exitCode: 0,
    said: '',
  });
  for (const member of ['etcd-2-0', 'etcd-2-2']) {
    await vase.provider.faults.kill(member);
    rmSync(data(member), { recursive: true });
  }
  const refused = await vase.run([...recover, '--yes']);
  expect([refused.exitCode, refused.stderr]).toEqual([
    1,
    expect.stringContaining('it still owns what etcd-1 owns by now (slot 1023)'),
  ]);
  // No process serves its data.
  expect((await vase.status()).shards[1]!.leader).toBeNull();
});

test('a recovery that is killed at any of its steps is gone on with, and old data of the others are never started', async () => {
  const steps = ['making etcd-2-1 the only', 'adding etcd-2-0'];
  for (const [index, step] of steps.entries()) {
    expect((await vase.run(['down'])).exitCode).toBe(0);
    // One disk is lost; another returns during the recovery, and would form a quorum of the old shard with the first.
    rmSync(data('etcd-2-2'), { recursive: true });
    renameSync(data('etcd-2-0'), data('away'));
    expect((await vase.run(['up'])).exitCode).toBe(3);
    const child = vase.start([...recover, '--yes', '--json']);
    const end = ended(child);
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as { event: string; step?: string };
      if (event.event === 'started' && event.step!.startsWith(step)) child.kill('SIGKILL');
    });
    expect((await end).stdout).toContain(step);
    if (existsSync(data('etcd-2-0'))) rmSync(data('away'), { recursive: true });
    else renameSync(data('away'), data('etcd-2-0'));
    const up = await vase.run(['up']);
    if (index === 0) {
      expect(up.exitCode).toBe(3);
      expect(up.stdout).toContain('`vase shard recover 2 --from etcd-2-1` goes on with it');
      expect((await vase.run([...recover, '--yes'])).exitCode).toBe(0);
    } else
      expect({ exitCode: up.exitCode, said: up.exitCode === 0 ? '' : up.stdout }).toEqual({
        exitCode: 0,
        said: '',
      });
    await expect.poll(async () => (await vase.status()).problems, { timeout: 30_000 }).toEqual([]);
    expect(await missingOf(endpoint, keys)).toEqual([]);
    expect(
      readdirSync(data()).filter((name) => name.startsWith('etcd-2-') && !name.includes('.kept-')),
    ).toHaveLength(3);
  }
});
