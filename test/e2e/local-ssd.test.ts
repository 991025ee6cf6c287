// An emulated disk slows a real cluster, by etcd's own measure and by the acknowledged writes, and can be removed again.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fsyncsBetween, readFsyncHistogram } from '../../cluster/metrics/fsync-histogram.ts';
import { smallCluster, VaseCommand } from './vase-command.ts';

/** A disk of 30 operations a second, so that its effect cannot be mistaken for a busy machine. */
const smallDisk = ['--ssd', 'pd-ssd:1Gi'];
const environment = { VASE_PROVIDER: 'local', VASE_VIEW_SERVERS: '0' };
const writers = 8;
const phaseMs = 2500;

interface Phase {
  writesPerSecond: number;
  fsyncsPerSecond: number;
  fsyncMeanMs: number;
  fsyncP50Ms: number;
}

let vase: VaseCommand;
let pid: number | null;
beforeAll(async () => {
  vase = new VaseCommand();
  const up = await vase.run(['up', ...smallCluster], { environment });
  expect(up.stderr).toContain('Write and read a key');
  pid = await memberPid();
});
afterAll(() => vase.remove());

async function memberPid(): Promise<number | null> {
  return (await vase.status()).shards[0]!.members[0]!.pid;
}

/** Some clients write one after the other, for a while. @returns their acknowledged writes, and etcd's figures of its disk. */
async function measure(): Promise<Phase> {
  const { endpoint, shards } = await vase.status();
  const member = `http://${shards[0]!.members[0]!.endpoint}`;
  const before = (await readFsyncHistogram(member))!;
  const endMs = performance.now() + phaseMs;
  let written = 0;
  const write = async (_: unknown, writer: number) => {
    while (performance.now() < endMs) {
      const response = await fetch(`${endpoint}/v1/kv/ssd-${writer}`, {
        method: 'PUT',
        body: 'x'.repeat(200),
      });
      await response.arrayBuffer();
      if (response.ok) written++;
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  const after = (await readFsyncHistogram(member))!;
  const fsyncs = fsyncsBetween(before, after)!;
  return {
    writesPerSecond: (written * 1000) / (after.takenAtMs - before.takenAtMs),
    fsyncsPerSecond: fsyncs.fsyncsPerSecond,
    fsyncMeanMs: fsyncs.meanMs,
    fsyncP50Ms: fsyncs.p50Ms,
  };
}

describe('a member on an emulated disk', () => {
  test('waits for it and writes less, and is as it was without it, all without a restart', async (context) => {
    const before = await measure();
    expect((await vase.run(['up', ...smallDisk], { environment })).exitCode).toBe(0);
    const { disk, notes } = await vase.status();
    expect(disk).toMatchObject({ name: 'pd-ssd:1Gi', iops: 30 });
    if (disk!.uncapped.length > 0) {
      expect(notes.join()).toContain('pd-ssd:1Gi is not emulated for etcd-1-0');
      context.skip(`this machine cannot cap a disk: ${notes.join()}`);
    }
    const capped = await measure();
    expect((await vase.run(['up', '--ssd', 'off'], { environment })).exitCode).toBe(0);
    const after = await measure();
    await context.annotate(`emulated disk: ${JSON.stringify({ before, capped, after })}`);

    // Each sync takes at least one of the disk's 30 operations a second; the first of them may be a burst.
    expect(capped.fsyncsPerSecond).toBeLessThan(40);
    expect(capped.fsyncMeanMs).toBeGreaterThan(5 * before.fsyncMeanMs);
    expect(capped.writesPerSecond).toBeLessThan(before.writesPerSecond / 3);
    expect(after.writesPerSecond).toBeGreaterThan(3 * capped.writesPerSecond);
    expect(after.fsyncMeanMs).toBeLessThan(capped.fsyncMeanMs / 5);
    expect((await vase.status()).disk).toBe(null);
    expect(await memberPid()).toBe(pid);
  });

  test('has it again after a restart, and up finds nothing to change', async (context) => {
    const up = await vase.run(['up', ...smallDisk], { environment });
    expect(up.stderr).toContain('Emulate pd-ssd:1Gi disks');
    const again = await vase.run(['up', ...smallDisk], { environment });
    expect(again.stdout).toContain('nothing changed');
    if ((await vase.status()).disk!.uncapped.length > 0) context.skip('this machine cannot cap a disk');
    await vase.provider.faults.restart('etcd-1-0');
    await expect.poll(async () => (await vase.status()).health, { timeout: 30_000 }).toBe('ready');
    expect(await memberPid()).not.toBe(pid);
    expect((await vase.status()).disk!.uncapped).toEqual([]);
    const { stdout } = await vase.run(['status'], { environment });
    expect(stdout).toMatch(/etcd-1 +\d+ +\S.* ms +\S.* ms +pd-ssd:1Gi \(emulated: 30 IOPS, 0\.48 MiB\/s\)/);
  });

  test('leaves no control group behind', async () => {
    const groups = readFileSync(`/proc/${await memberPid()}/cgroup`, 'utf8');
    const group = /^\d+:(?:blkio)?:(\/vase-[0-9a-f]{12}\/etcd-1-0)$/m.exec(groups)?.[1];
    expect((await vase.run(['down'], { environment })).exitCode).toBe(0);
    if (group === undefined) return;
    for (const root of ['/sys/fs/cgroup', '/sys/fs/cgroup/blkio'])
      expect(existsSync(join(root, group, '..'))).toBe(false);
  });
});

test.skipIf(!existsSync('/dev/shm'))('where no disk can be capped, up says so and goes on', async () => {
  const memory = mkdtempSync('/dev/shm/vase-e2e-');
  const inMemory = { ...environment, VASE_STATE: join(memory, 'state') };
  onTestFinished(async () => {
    await vase.run(['clean'], { environment: inMemory });
    rmSync(memory, { recursive: true, force: true });
  });
  const up = await vase.run(['up', ...smallCluster, ...smallDisk], { environment: inMemory });
  expect(up.stderr).toContain('not done: ');
  expect(up.exitCode).toBe(0);
  const { stdout, exitCode } = await vase.run(['status'], { environment: inMemory });
  expect(stdout).toContain('pd-ssd:1Gi (not emulated)');
  expect(stdout).toMatch(
    /The disk pd-ssd:1Gi is not emulated for etcd-1-0: .* is on no disk of this machine/,
  );
  expect(exitCode).toBe(0);
});
