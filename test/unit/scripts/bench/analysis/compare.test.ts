/** Comparing synthetic runs: what is a regression and what is not, and what several runs show together. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '../../../../../cluster/errors.ts';
import { compareFolders } from '../../../../../scripts/bench-command/compare-folders.ts';
import { compareRuns } from '../../../../../scripts/bench/analysis/compare-runs.ts';
import { spreadRuns } from '../../../../../scripts/bench/analysis/spread-runs.ts';
import { readRun, type Run } from '../../../../../scripts/bench/records/read-run.ts';
import {
  cellPlan,
  localCells,
  writeSyntheticRun,
  type SyntheticOptions,
} from '../../../../support/synthetic-run.ts';

let folder: string;
let written = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vase-compare-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(options: SyntheticOptions): Promise<string> {
  const path = join(folder, `run-${++written}`);
  await writeSyntheticRun(path, { rateShares: [], ...options });
  return path;
}

async function make(options: SyntheticOptions): Promise<Run> {
  return readRun(await write(options));
}

const rises = { from: 'a1', to: 'a2', figure: 'requests_per_second', ratioMin: 1.7, ratioMax: null } as const;

test('two runs of the same store show no regression', async () => {
  const { cells, regressions } = compareRuns(await make({ seed: 1 }), await make({ seed: 2 }));
  expect(cells.map(({ test: name }) => name)).toEqual(localCells.map(({ test: name }) => name));
  expect(regressions).toEqual([]);
});

test('a store that became a quarter slower is a regression, and its undoing is better', async () => {
  const fast = await make({ seed: 1 });
  const slow = await make({ seed: 2, speed: 0.75 });
  const { regressions, cells } = compareRuns(fast, slow);
  expect(regressions).toHaveLength(localCells.length);
  expect(regressions[0]).toMatch(/^a1: requests\/s 0\.7\d*×; median, ms 1\.\d+×/);
  const throughput = cells[0]!.figures[0]!;
  expect(throughput.interval!.low).toBeLessThan(0.76);
  expect(throughput.interval!.high).toBeGreaterThan(0.74);
  const back = compareRuns(slow, fast);
  expect(back.regressions).toEqual([]);
  expect(back.cells[0]!.figures[0]!.verdict).toBe('better');
});

test('a change within what the repeats scatter is unclear, not a regression', async () => {
  const cells = [cellPlan('a1', 1, 2)];
  const before = await make({ cells, seed: 3, scatter: 0.4 });
  const after = await make({ cells, seed: 4, scatter: 0.4, speed: 0.8 });
  const verdicts = compareRuns(before, after).cells.flatMap(({ figures }) =>
    figures.map((one) => one.verdict),
  );
  expect(verdicts).toContain('unclear');
  expect(verdicts).not.toContain('regression');
});

test('the threshold decides what counts', async () => {
  const before = await make({ seed: 1 });
  const after = await make({ seed: 2, speed: 0.75 });
  expect(compareRuns(before, after, { threshold: 0.8, confidence: 0.95 }).regressions).toEqual([]);
});

test('with one repeat the threshold alone decides, and it is said', async () => {
  const before = await make({ seed: 1, repeats: 1 });
  const after = await make({ seed: 2, repeats: 1, speed: 0.5 });
  const { cells, regressions } = compareRuns(before, after);
  expect(cells[0]!.figures.every(({ interval }) => interval === null)).toBe(true);
  expect(regressions[0]).toContain('of one repeat: it may be chance');
});

test('a cell that fails now is a regression; one not reached, or unlike, is a note', async () => {
  const before = await make({});
  const failing = compareRuns(before, await make({ failing: ['b3'] }));
  expect(failing.regressions).toEqual([expect.stringMatching(/^b3 failed: The cluster did not come up/)]);
  const interrupted = compareRuns(before, await make({ missing: ['b3'] }));
  expect(interrupted.regressions).toEqual([]);
  expect(interrupted.notes.join(' ')).toContain('b3 was not reached');
  const other = compareRuns(before, await make({ cells: [cellPlan('a1', 1, 7)] }));
  expect(other.cells).toEqual([]);
  expect(other.notes.join(' ')).toMatch(/a1 is another cell.*a2 is not in the plan/);
});

test('requests without an answer are a regression though the rest is as it was', async () => {
  const before = await make({ seed: 1 });
  const after = await make({ seed: 1 });
  for (const cell of after.cells) cell.peak.failed = cell.peak.requests * 0.01;
  const { regressions } = compareRuns(before, after);
  expect(regressions[0]).toMatch(/^a1: 1\.\d\d % of requests without an answer$/);
});

test('three runs show least, median, most and spread of each figure', async () => {
  const runs = [
    await make({ seed: 1 }),
    await make({ seed: 2, speed: 0.9 }),
    await make({ seed: 3 }),
  ] as const;
  const { figures } = spreadRuns(runs);
  expect(figures).toHaveLength(localCells.length * 5);
  for (const { values, min, median, max, relative } of figures) {
    expect(values.toSorted((a, b) => a! - b!)).toEqual([min, median, max]);
    expect(relative).toBeCloseTo((max - min) / median, 12);
  }
});

test('the conclusions hold only when each expectation held in each run', async () => {
  const expectations = [rises];
  const good = [await make({ seed: 1, expectations }), await make({ seed: 2, expectations })] as const;
  expect(spreadRuns(good).conclusionsHold).toBe(true);
  const lacking = await make({ expectations, failing: ['a2'] });
  const spread = spreadRuns([...good, lacking]);
  expect(spread.expectations[0]!.verdicts).toEqual(['held', 'held', 'not measured']);
  expect(spread.conclusionsHold).toBe(false);
  expect(spread.notes).toEqual([expect.stringContaining('a2')]);
});

test('the command tells regressions by its exit code and refuses what is no run', async () => {
  const before = await write({ seed: 1 });
  const after = await write({ seed: 2, speed: 0.75 });
  const worse = await compareFolders([before, after], 0.1);
  expect(worse.exitCode).toBe(1);
  expect(worse.text).toContain('Regressions:');
  expect((await compareFolders([after, before], 0.1)).exitCode).toBe(0);
  const three = await compareFolders([before, after, before], 0.1);
  expect(three.text).toMatch(/min +median +max +spread/);
  await expect(compareFolders([before], 0.1)).rejects.toThrow(UsageError);
  await expect(compareFolders([before, folder], 0.1)).rejects.toThrow(/is not a benchmark run/);
});
