/**
 * The store's properties in the simulator: scenarios drawn by fast-check, each run twice, on all cores. RUNS and SEED change
 * how many and which; `make test` runs a tenth of them and `make test-all` the others (VASE_TEST_SET). A failure writes the
 * shrunk scenario to .vase/runs and says how to replay it.
 */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { describeFailure, saveScenario } from '../../scripts/simulation/report-failure.ts';
import { createProgressLine } from '../../scripts/simulation/progress-line.ts';
import { runWorkers } from '../../scripts/simulation/run-workers.ts';
import { vacuityOf } from '../../sim/run/vacuity.ts';

/** The rest draws from seeds far from those of the quick part, which uses one seed for each core. */
const parts = {
  quick: { runs: 200, seedsOff: 0, hashed: { from: 1, to: 50 } },
  rest: { runs: 1800, seedsOff: 1000, hashed: { from: 51, to: 500 } },
  all: { runs: 2000, seedsOff: 0, hashed: { from: 1, to: 500 } },
};
const { RUNS, SEED, VASE_TEST_SET: set } = process.env;
const part = set === 'quick' || set === 'rest' ? parts[set] : parts.all;
const runs = Number(RUNS ?? part.runs);
const seed = Number(SEED ?? Date.now() % 1_000_000_000) + part.seedsOff;
const workers = availableParallelism();
/** A soak of many runs gets enough time even on a machine that is busy with other work. */
const timeout = Math.max(1_800_000, 500 * runs);

test(
  `${runs} scenarios with faults and slots that change hands hold every property, and each run repeats exactly`,
  { timeout },
  async () => {
    const line = createProgressLine(`SEED=${seed}`, runs);
    const works = Array.from({ length: workers }, (_, index) => ({
      kind: 'search' as const,
      seed: seed + index,
      runs: Math.ceil(runs / workers),
      twice: true,
    }));
    const { progress, failures } = await runWorkers(works, { onProgress: line.show, stopAtFailure: true });
    line.end();
    const [failure] = failures;
    if (failure) expect.fail(describeFailure(failure, saveScenario(failure)));
    expect(progress.runs).toBeGreaterThanOrEqual(runs);
    expect(progress.operations.ok).toBeGreaterThan(200 * runs);
    expect(progress.movesDone).toBeGreaterThan(runs);
    // Each kind of fault struck, too, where the runs are enough for that.
    expect(vacuityOf(progress)).toEqual([]);
  },
);

test(`the seeds from ${part.hashed.from} to ${part.hashed.to} give the same hashes in two processes`, async () => {
  const work = { kind: 'hashes' as const, ...part.hashed };
  const { hashes } = await runWorkers([work, work]);
  const count = part.hashed.to - part.hashed.from + 1;
  expect(hashes[0]).toHaveLength(count);
  expect(new Set(hashes[0]).size).toBe(count);
  expect(hashes[1]).toEqual(hashes[0]);
});
