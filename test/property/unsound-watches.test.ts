/** Watches of etcd that do not tell what their shard holds lose nothing: moves are begun again until they are proven. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runWorkers } from '../../scripts/simulation/run-workers.ts';
import { unsoundWatches } from './seeded-bugs/watch-bugs.ts';

const plant = fileURLToPath(new URL('seeded-bugs/plant.ts', import.meta.url));

test.each(unsoundWatches)('$name loses nothing', async ({ name, runsMax, isNoticed }) => {
  const { failures, progress } = await runWorkers(
    [{ kind: 'search', seed: 1, runs: runsMax, twice: false, shrinkRunsMax: 0 }],
    { nodeArguments: ['--import', plant], environment: { VASE_SEEDED_BUG: name } },
  );
  expect(failures.map(({ violations, crash }) => ({ violations, crash }))).toEqual([]);
  expect(progress.movesDone).toBeGreaterThan(runsMax);
  expect(progress.movesUnproven > 0).toBe(isNoticed);
});
