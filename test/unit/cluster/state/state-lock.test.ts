import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { stateFolder, type StateFolder } from '../../../../cluster/state/state-folder.ts';
import { withLock } from '../../../../cluster/state/state-lock.ts';

let folder: StateFolder;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'vase-lock-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  folder = stateFolder(root);
});

test('while one holds the lock, another is refused with the name and pid of the holder', async () => {
  await withLock(folder, { purpose: '`vase up`' }, async () => {
    const second = withLock(folder, { purpose: '`vase down`' }, async () => 'never');
    await expect(second).rejects.toThrow(`\`vase up\` is running on ${folder.root} (process ${process.pid})`);
  });
});

test('the lock is given back, whether the body succeeds or fails', async () => {
  expect(await withLock(folder, { purpose: 'one' }, async () => 5)).toBe(5);
  const failing = withLock(folder, { purpose: 'two' }, () => Promise.reject(new Error('no')));
  await expect(failing).rejects.toThrow('no');
  expect(readdirSync(folder.root)).toEqual([]);
});

test('one that waits gets the lock when the holder gives it back', async () => {
  const order: string[] = [];
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const first = withLock(folder, { purpose: 'first' }, async () => {
    entered.resolve();
    await leave.promise;
    order.push('first');
  });
  await entered.promise;
  const second = withLock(
    folder,
    { purpose: 'second', waitMsMax: 10_000 },
    async () => void order.push('second'),
  );
  leave.resolve();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});

test('a view server that holds it is waited for, without a word from whoever comes', async () => {
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const first = withLock(folder, { purpose: 'the making of shard 4', role: 'view-server' }, async () => {
    entered.resolve();
    await leave.promise;
  });
  await entered.promise;
  const second = withLock(folder, { purpose: '`vase down`' }, async () => 'done');
  expect(await Promise.race([second, delay(300, 'waits')])).toBe('waits');
  leave.resolve();
  expect(await second).toBe('done');
  await first;
});

test.each([
  ['whose holder is gone', JSON.stringify({ pid: process.pid, startedAt: 'long ago', purpose: 'x' })],
  ['that cannot be read', 'half a lo'],
])('a lock %s is taken over', async (_case, text) => {
  writeFileSync(folder.lockFile, text);
  await withLock(folder, { purpose: 'successor' }, async () => {
    expect(readFileSync(folder.lockFile, 'utf8')).toContain('successor');
  });
  expect(existsSync(folder.lockFile)).toBe(false);
});

test('of many that find a stale lock, one at a time is inside', async () => {
  writeFileSync(folder.lockFile, JSON.stringify({ pid: process.pid, startedAt: 'long ago', purpose: 'x' }));
  let inside = 0;
  let most = 0;
  const enter = () =>
    withLock(folder, { purpose: 'one of many', waitMsMax: 15_000 }, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    });
  await Promise.all(Array.from({ length: 5 }, enter));
  expect(most).toBe(1);
});
