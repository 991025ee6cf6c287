// Five projects by what they need: unit (nothing), property (CPU), contract (real etcd), e2e (a cluster of processes),
// kind (Docker and kind).
import { defineConfig } from 'vitest/config';
import { setEnvironmentOfTests } from './test/support/environment.ts';

setEnvironmentOfTests();

const project = (name: string, include: string, testTimeout: number, options: object = {}) => ({
  // A poll that waits for a process waits as long as a loaded machine takes; vitest's own limit is one second.
  test: {
    name,
    include: [include],
    testTimeout,
    hookTimeout: testTimeout,
    // A test that asserts nothing, since a list was empty or a branch not taken, would pass whatever happens.
    expect: { poll: { timeout: 15_000 }, requireAssertions: true },
    setupFiles: ['test/support/draw-by-seed.ts'],
    ...options,
  },
});

export default defineConfig({
  test: {
    // Without a word, both would depend on whether CI is set.
    allowOnly: false,
    update: 'none',
    projects: [
      project('unit', 'test/unit/**/*.test.ts', 60_000),
      // Searches for minutes, beside tests that go first.
      project('property', 'test/property/**/*.test.ts', 1_800_000),
      project('contract', 'test/contract/**/*.test.ts', 600_000),
      // One file at a time: each brings up its own cluster of processes on a machine of two cores.
      project('e2e', 'test/e2e/**/*.test.ts', 600_000, { fileParallelism: false }),
      // One kind cluster is as much as such a machine takes.
      project('kind', 'test/kind/**/*.test.ts', 300_000, { fileParallelism: false }),
    ],
  },
});
