// Settings of make are the user's words: a path may have spaces.
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { runCommand } from '../../../cluster/host/run-command.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
afterEach(() => vi.unstubAllEnvs());

test.each([
  ['up', ['SHARDS=2', 'TOPOLOGY=my topology.yaml'], "vase.js up --shards 2 --topology 'my topology.yaml'"],
  ['bench-local', ['PLAN=my plan.json'], "vase.js bench --plan 'my plan.json'"],
  ['bench-local', [], "vase.js bench --plan 'local'"],
])('make %s %o', async (goal, settings, expected) => {
  const { stdout } = await runCommand('make', ['--dry-run', goal, ...settings], { cwd: checkout });
  expect(stdout.replaceAll(/ +/g, ' ')).toContain(expected);
});

test.each([
  [[], '20261122'],
  [['SEED=5'], '5'],
])(
  'make test draws the same scenarios in every run, unless it is told to draw others: %o',
  async (settings, seed) => {
    // These tests may themselves have been told what to draw, and packages are none of their business.
    vi.stubEnv('SEED', undefined);
    const installed = '--assume-old=node_modules/.package-lock.json';
    // In the place of vitest, what shows its environment.
    const args = [installed, 'test', 'WITH_ETCD=env;true', ...settings];
    const { stdout } = await runCommand('make', args, { cwd: checkout });
    expect(/^SEED=(.*)$/m.exec(stdout)?.[1]).toBe(seed);
  },
);
