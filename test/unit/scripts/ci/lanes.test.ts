// Real processes in both lanes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { type Lane, runLanes } from '../../../../scripts/ci/lanes.ts';

const lane = (name: string, script: string): Lane => ({ name, command: ['sh', '-c', script] });

async function run(lanes: readonly Lane[]) {
  const lines: string[] = [];
  const end = await runLanes(lanes, { environment: process.env, show: (line) => lines.push(line) });
  return { ...end, lines };
}

function isRunning(pid: string): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('each line is told from the other lane, and all that pass is well', async () => {
  const { lines, ...end } = await run([lane('a', 'echo 1; echo 2 >&2'), lane('b', 'printf 3')]);
  expect(end).toEqual({ failed: [], interrupted: false });
  expect(lines.toSorted()).toEqual(['a | 1', 'a | 2', 'b | 3']);
});

test.each([
  ['the first', 'exit 1', 'true', ['a']],
  ['the second', 'true', 'exit 7', ['b']],
  ['both', 'exit 1', 'kill -KILL $$', ['a', 'b']],
])('%s of two lanes fails, and the other runs to its end', async (_, one, other, failed) => {
  const { lines, ...end } = await run([
    lane('a', `echo a; ${one}`),
    lane('b', `sleep 0.2; echo b; ${other}`),
  ]);
  expect(end).toEqual({ failed, interrupted: false });
  expect(lines).toEqual(expect.arrayContaining(['a | a', 'b | b']));
});

test('a program that is not there is a lane that failed', async () => {
  const { failed } = await run([{ name: 'a', command: ['no-such-program'] }, lane('b', 'true')]);
  expect(failed).toEqual(['a']);
});

test('what a lane has left behind is ended, though it holds the output open', async () => {
  const { lines, ...end } = await run([lane('a', 'setsid sleep 7654.5 & echo $!')]);
  expect(end).toEqual({ failed: [], interrupted: false });
  const pid = lines[0]!.split(' ').at(-1)!;
  await expect.poll(() => isRunning(pid)).toBe(false);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends both lanes and all that they started', async (signal) => {
  const folder = mkdtempSync(join(tmpdir(), 'vase-lanes-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pids = ['a', 'b'].map((name) => join(folder, name));
  const scripts = pids.map(
    (file) => `setsid sleep 7654.6 & echo $! > ${file}.new; mv ${file}.new ${file}; wait`,
  );
  const program = `
    import { runLanes } from '${join(import.meta.dirname, '../../../../scripts/ci/lanes.ts')}';
    const lanes = ${JSON.stringify(scripts)}.map((script, at) => ({ name: 'ab'[at], command: ['sh', '-c', script] }));
    console.log(JSON.stringify(await runLanes(lanes, { environment: process.env, show: () => undefined })));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  await expect.poll(() => pids.every((file) => existsSync(file))).toBe(true);
  child.kill(signal);
  await once(child, 'exit');
  expect(JSON.parse(await output)).toEqual({ failed: ['a', 'b'], interrupted: true });
  const left = () => pids.map((file) => isRunning(readFileSync(file, 'utf8').trim()));
  await expect.poll(left).toEqual([false, false]);
});
