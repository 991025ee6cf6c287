/** `make mutate` as a user runs it: a sample of one, its report, a second run from the kept results, and wrong uses. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkout } from './vase-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vase-mutate-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(command: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, VASE_STATE: folder, MAKEFLAGS: undefined };
  return new Promise((resolve) =>
    execFile(command, args, { cwd: checkout, env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    ),
  );
}

test('a sample is judged and reported, and judged again from what is kept', async () => {
  const sample = ['--assume-old=node_modules/.package-lock.json', 'mutate', 'LIMIT=1', 'SEEDS=2'];
  const first = await run('make', sample);
  expect(first.output).toMatch(/^1 mutants: /m);
  expect(first.output).toContain('seeds with probes: 2 of 2');
  expect(await readFile(join(folder, 'mutation', 'report.md'), 'utf8')).toContain('1 mutants');
  const { judged } = JSON.parse(await readFile(join(folder, 'mutation', 'report.json'), 'utf8'));
  expect(judged).toHaveLength(1);
  const again = await run('make', sample);
  expect(again.code).toBe(first.code);
  expect(again.output).not.toContain('seeds with probes');
});

test('wrong uses are told, and help is given', async () => {
  const mutate = (...args: string[]) => run(process.execPath, ['test/mutation/mutate-main.ts', ...args]);
  expect(await mutate('--help')).toMatchObject({ code: 0, output: expect.stringContaining('--seeds <n>') });
  expect(await mutate('--seeds', '0')).toMatchObject({
    code: 2,
    output: expect.stringContaining('--seeds must be a whole number'),
  });
  expect(await mutate('--shard', '5/4')).toMatchObject({
    code: 2,
    output: expect.stringContaining('--shard must be'),
  });
});
