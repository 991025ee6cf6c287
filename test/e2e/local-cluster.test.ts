// The life of a cluster of processes: up, up again, a death, down, up, clean.
import { existsSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeDataBugs } from '../../cluster/etcd/data-bugs.ts';
import type { ClusterStatus } from '../../cluster/providers/provider.ts';
import { VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeAll(() => {
  vase = new VaseCommand();
});
afterAll(() => vase.remove());

function pidsOf(status: ClusterStatus): Record<string, number | null> {
  const owners = [
    ...status.shards.flatMap((shard) => shard.members),
    ...status.sharders,
    ...status.viewServers,
  ];
  return Object.fromEntries(owners.map(({ name, pid }) => [name, pid]));
}

/** No notes on an etcd without known faults. */
function notesOn(version: string): unknown[] {
  const faults = describeDataBugs(version);
  return faults === null ? [] : [expect.stringContaining(`${faults} A cluster keeps its release`)];
}

describe('a cluster of two shards with three members each and two sharders', () => {
  let pids: Record<string, number | null>;

  test('comes up from nothing and is ready', async () => {
    const up = await vase.run(['up', '--shards', '2', '--members', '3', '--sharders', '2', '--port', '0']);
    expect(up.stderr).toMatch(/Write and read a key on every shard \(\d/);
    expect(up.stdout).toMatch(/^Ready at http:\/\/127\.0\.0\.1:\d+ \(2 shards of 3 members, 2 sharders\)\n/);
    expect(up.exitCode).toBe(0);
    const status = await vase.status();
    const notes = notesOn(status.etcd!.version);
    expect(up.stdout.split('\n').slice(1, -1)).toEqual(notes);
    expect(status).toMatchObject({ health: 'ready', problems: [], notes });
    expect(status.shards.map(({ leader }) => leader)).toEqual([
      expect.stringMatching(/^etcd-1-[012]$/),
      expect.stringMatching(/^etcd-2-[012]$/),
    ]);
    pids = pidsOf(status);
    const keeper = await vase.keeperPid();
    expect(new Set(vase.processes())).toEqual(new Set([...Object.values(pids), keeper]));
    expect((await vase.run(['put', 'kept', 'through everything'])).exitCode).toBe(0);
  });

  test('is not touched by a second up', async () => {
    const again = await vase.run(['up']);
    expect(again.stdout).toMatch(/^Already up at .*; nothing changed\n/);
    expect(again.stdout.split('\n').slice(1, -1)).toEqual(notesOn((await vase.status()).etcd!.version));
    expect(again.stderr).toBe('');
    expect(pidsOf(await vase.status())).toEqual(pids);
  });

  test('shows a killed member and a killed sharder in its status, and serves on', async () => {
    await vase.provider.faults.kill('etcd-2-1');
    await vase.provider.faults.kill('sharder-1');
    await expect
      .poll(async () => (await vase.status()).problems.map(({ what }) => what), { timeout: 30_000 })
      .toEqual(['etcd-2-1 does not run', 'sharder-1 does not run']);
    const { exitCode, stdout } = await vase.run(['status']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('`make up` starts it again');
    expect((await vase.run(['get', 'kept'])).stdout).toBe('through everything');
  });

  test('gets exactly what died back from up', async () => {
    expect((await vase.run(['up'])).exitCode).toBe(0);
    const status = await vase.status();
    expect(status.health).toBe('ready');
    const changed = Object.entries(pidsOf(status)).filter(([name, pid]) => pids[name] !== pid);
    expect(changed.map(([name]) => name)).toEqual(['etcd-2-1', 'sharder-1']);
  });

  test('takes another number of sharders, up and down, and leaves the members alone', async () => {
    const before = pidsOf(await vase.status());
    expect((await vase.run(['up', '--sharders', '3'])).exitCode).toBe(0);
    expect(pidsOf(await vase.status())).toEqual({ ...before, 'sharder-3': expect.any(Number) });
    expect((await vase.run(['up', '--sharders', '1'])).exitCode).toBe(0);
    const { 'sharder-2': _second, ...rest } = before;
    expect(pidsOf(await vase.status())).toEqual(rest);
  });

  test.each([
    ['--shards', '3', 'the cluster has 2 shards', 'make clean'],
    ['--members', '1', 'etcd-1 has 3 members', 'vase member remove etcd-1-2'],
  ])('refuses %s %s with a reason and a way out', async (flag, value, reason, way) => {
    const refused = await vase.run(['up', flag, value]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(reason);
    expect(refused.stderr).toContain(way);
  });

  test('stops without a trace of a process', async () => {
    const down = await vase.run(['down']);
    expect(down.exitCode).toBe(0);
    expect(vase.processes()).toEqual([]);
    expect((await vase.status()).health).toBe('stopped');
    expect((await vase.run(['down'])).exitCode).toBe(0);
  });

  test('finds its data again', async () => {
    expect((await vase.run(['up'])).exitCode).toBe(0);
    expect((await vase.run(['get', 'kept'])).stdout).toBe('through everything');
  });

  test('does not start a member whose data are gone, says so, and serves by the other two', async () => {
    await vase.run(['down']);
    rmSync(`${vase.stateRoot}/data/etcd-1-0`, { recursive: true });
    const up = await vase.run(['up']);
    expect(up.exitCode).toBe(3);
    expect(up.stdout).toContain('the data of etcd-1-0 are gone');
    expect((await vase.status()).shards[0]!.members[0]!.process).toBe('stopped');
    expect((await vase.run(['get', 'kept'])).stdout).toBe('through everything');
  });

  test('leaves nothing when it is cleaned', async () => {
    const clean = await vase.run(['clean']);
    expect(clean.exitCode).toBe(0);
    expect(vase.processes()).toEqual([]);
    expect(existsSync(vase.stateRoot)).toBe(false);
    expect((await vase.status()).health).toBe('absent');
  });
});
