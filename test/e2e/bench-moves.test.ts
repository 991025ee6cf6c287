// The smallest bench of moves: it runs to its end and reports its measurements, and its exit code is its verdict.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkout, ended } from './vase-command.ts';

const script = join(checkout, 'test', 'bench', 'bench-moves.ts');
const bench = (...args: string[]) =>
  ended(spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args]));

test('it measures both ratios and judges them', async () => {
  const sizes = ['--members', '1', '--rounds', '1', '--keys', '400', '--seconds', '1'];
  const { exitCode, stdout, stderr } = await bench(...sizes);
  const judgements = stdout.match(/^(held|BROKEN) .*$/gm) ?? [];
  expect({ judgements: judgements.length, stderr }).toEqual({ judgements: 3, stderr: '' });
  // So few keys prove nothing about the speed: the exit code must agree with the lines.
  expect(exitCode).toBe(judgements.some((line) => line.startsWith('BROKEN')) ? 1 : 0);
  expect(stdout).toMatch(/keys moved per second \d+\.\d+ times one client/);
  expect(stdout).toMatch(/is frozen, at p99, for \d+\.\d+ times the p50 of a write, [1-9]\d* moves/);
  expect(stdout).toMatch(/held .*writes that failed meanwhile: 0/);
  expect(stdout).toMatch(/time of moves by phase: .*copy \d+ %.*; cores in use.*what limits is/);
});

test.each([
  [['--rounds', '0'], 'rounds must be a whole number from 1 to 100, not 0'],
  [['--members', '2'], 'members 2 is neither 1 nor 3'],
])('%j is a wrong use', async (args, problem) => {
  expect(await bench(...args)).toMatchObject({ exitCode: 2, stderr: `${problem}\n` });
});
