/** Negative controls: each known way to break the system is caught, and shrunk to a small scenario. Prints a table. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { afterAll, expect, test } from 'vitest';
import { runWorkers } from '../../scripts/simulation/run-workers.ts';
import type { Failure } from '../../sim/run/search-failure.ts';
import { seededBugs } from './seeded-bugs/bugs.ts';
import type { SeededBug } from './seeded-bugs/seeded-bug.ts';

const plant = fileURLToPath(new URL('seeded-bugs/plant.ts', import.meta.url));
/** A control need not be shrunk to the end: all of them together have a few minutes. */
const shrinkRunsMax = 20;
const caught = new Map<SeededBug, { failure: Failure | null; seconds: number }>();

/** Searches with the bug in place, until a property breaks. */
async function hunt(bug: SeededBug): Promise<Failure | null> {
  const { seed = 1, runsMax: runs } = bug;
  const { failures } = await runWorkers([{ kind: 'search', seed, runs, twice: false, shrinkRunsMax }], {
    nodeArguments: ['--import', plant],
    environment: { VASE_SEEDED_BUG: bug.name },
  });
  return failures[0] ?? null;
}

/** Hunts all bugs, as many at a time as there are cores: the tests below only look at the findings. */
const hunts = (async () => {
  const waiting = [...seededBugs];
  const huntNext = async (): Promise<void> => {
    for (let bug = waiting.shift(); bug !== undefined; bug = waiting.shift()) {
      const startedAtMs = performance.now();
      const failure = await hunt(bug);
      caught.set(bug, { failure, seconds: (performance.now() - startedAtMs) / 1000 });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, huntNext));
})();

test.each(seededBugs.map((bug) => [bug.name, bug] as const))('%s is caught', async (_name, bug) => {
  await hunts;
  const failure = caught.get(bug)?.failure;
  expect(failure, `not caught within ${bug.runsMax} scenarios`).not.toBeNull();
  expect(failure!.crash).toBeNull();
  const broken = failure!.violations.map(({ property }) => property);
  expect(
    broken.filter((property) => bug.shows.includes(property)),
    `broken: ${broken.join(', ')}`,
  ).not.toEqual([]);
});

afterAll(async () => {
  await hunts;
  const table = new Table({
    head: ['seeded bug', 'seeds', 'property', 'clients', 'operations', 'faults', 'moves', 's'],
    style: { head: [], border: [] },
  });
  for (const bug of seededBugs) {
    const { failure, seconds } = caught.get(bug)!;
    const { workload, faults, moves } = failure?.scenario ?? { workload: null, faults: [], moves: [] };
    table.push([
      bug.name,
      failure ? failure.runsBefore + 1 : 'NOT CAUGHT',
      failure?.violations[0]?.property ?? (failure ? 'crash' : '-'),
      workload?.clients ?? '-',
      workload?.operations ?? '-',
      faults.length,
      moves.length,
      seconds.toFixed(1),
    ]);
  }
  process.stdout.write(`\n${table.toString()}\n`);
});
