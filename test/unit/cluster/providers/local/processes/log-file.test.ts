import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  followLog,
  readTail,
  rotateLog,
} from '../../../../../../cluster/providers/local/processes/log-file.ts';

let path: string;
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), 'vase-log-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  path = join(root, 'one.log');
});

test('the tail is the newest lines, each whole', () => {
  writeFileSync(path, 'a\nb\nc\nlast without newline');
  expect(readTail(path, 2)).toBe('c\nlast without newline\n');
  expect(readTail(path, 99)).toBe('a\nb\nc\nlast without newline\n');
  expect(readTail(path, 0)).toBe('');
});

test('no file and an empty file have no lines', () => {
  expect(readTail(path, 10)).toBe('');
  writeFileSync(path, '');
  expect(readTail(path, 10)).toBe('');
});

test('a large log is put aside at a start, a small one is kept', () => {
  writeFileSync(path, 'small');
  rotateLog(path);
  expect(existsSync(path)).toBe(true);
  truncateSync(path, 9 * 1024 * 1024);
  rotateLog(path);
  expect(existsSync(path)).toBe(false);
  expect(statSync(`${path}.1`).size).toBe(9 * 1024 * 1024);
});

test('following gives what is appended, and starts again with a new file', async () => {
  writeFileSync(path, 'before\n');
  const stop = new AbortController();
  let seen = '';
  const following = followLog(path, { signal: stop.signal, write: (text) => void (seen += text) });
  appendFileSync(path, 'after\n');
  await expect.poll(() => seen, { timeout: 10_000 }).toBe('after\n');
  writeFileSync(path, 'new\n');
  await expect.poll(() => seen, { timeout: 10_000 }).toBe('after\nnew\n');
  stop.abort();
  await following;
});
