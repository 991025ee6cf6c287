/**
 * The store's properties in the simulator: scenarios drawn by fast-check, each run twice, on all cores. RUNS and SEED change
 * how many and which. A failure writes the shrunk scenario to .vase/runs and says how to replay it.
 */
import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { describeFailure, saveScenario } from '../../scripts/simulation/report-failure.ts';
import { createProgressLine } from '../../scripts/simulation/progress-line.ts';
import { runWorkers } from '../../scripts/simulation/run-workers.ts';
import { vacuityOf } from '../../sim/run/vacuity.ts';

const runs = Number(process.env['RUNS'] ?? 2000);
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
const workers = availableParallelism();
/** A soak of many runs has the time that it takes on a machine which is busy with other things, too. */
const timeout = Math.max(600_000, 500 * runs);

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
    // And each kind of fault struck, where the runs are enough for that.
    expect(vacuityOf(progress)).toEqual([]);
  },
);

test('500 seeds give the same hashes in two processes', async () => {
  const work = { kind: 'hashes' as const, from: 1, to: 500 };
  const { hashes } = await runWorkers([work, work]);
  expect(hashes[0]).toHaveLength(500);
  expect(new Set(hashes[0]).size).toBe(500);
  expect(hashes[1]).toEqual(hashes[0]);
});
