/** Axes, labels and groups of the figures. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { groupsAlong } from '../../../../../scripts/bench/analysis/axis-groups.ts';
import { placeLabels } from '../../../../../scripts/bench/draw/place-labels.ts';
import { chooseCountScale, chooseValueScale } from '../../../../../scripts/bench/draw/scales.ts';
import { fitLaw } from '../../../../../scripts/bench/charts/law.ts';
import { readRun } from '../../../../../scripts/bench/records/read-run.ts';
import { summarize } from '../../../../../scripts/bench/analysis/summary.ts';
import { readOriginalResults } from '../../../../../scripts/bench/analysis/original-results.ts';
import { cellPlan, localCells, writeOnly, writeSyntheticRun } from '../../../../support/synthetic-run.ts';

test('labels that would lie on one another are moved apart, within the bounds', () => {
  const bounds = { top: 0, bottom: 100, gap: 15 };
  const at = (y: number, x = 0) => ({ x, y, width: 50 });
  const crowded = placeLabels([at(98), at(97), at(96)], bounds).toSorted((a, b) => a - b);
  expect(crowded.at(-1)).toBeLessThanOrEqual(100);
  expect(crowded[1]! - crowded[0]!).toBeGreaterThanOrEqual(15);
  expect(crowded[2]! - crowded[1]!).toBeGreaterThanOrEqual(15);
  expect(placeLabels([at(50), at(50, 200)], bounds)).toEqual([50, 50]);
});

test('values far apart are drawn on a logarithmic axis, near ones from zero', () => {
  expect(chooseValueScale([50, 5000])).toMatchObject({ type: 'log' });
  const near = chooseValueScale([900, 1500]);
  expect(near).toMatchObject({ type: 'linear' });
  expect(near.domain[0]).toBe(0);
  expect(near.domain[1]).toBeGreaterThan(1500);
  expect(near.ticks[0]).toBe(0);
  for (const { domain, ticks } of [near, chooseValueScale([50, 9e6])]) {
    expect(ticks.length).toBeGreaterThan(2);
    expect(ticks.length).toBeLessThan(9);
    expect(ticks.every((tick) => tick >= domain[0] && tick <= domain[1])).toBe(true);
  }
});

test('every count has its tick unless it would lie on another', () => {
  expect(chooseCountScale([4, 1, 2, 2], 300).ticks).toEqual([1, 2, 4]);
  const crowded = chooseCountScale([1, 98, 99, 100], 300).ticks;
  expect(crowded).toContain(1);
  expect(crowded).toContain(100);
  expect(crowded).not.toContain(99);
});

test('a series is of cells that differ along one axis alone', () => {
  expect(groupsAlong('sharders', localCells).map(({ cells }) => cells.map(({ test: name }) => name))).toEqual(
    [['a1', 'a2', 'a4']],
  );
  const [shards] = groupsAlong('shards', localCells);
  expect(shards).toMatchObject({ fixed: 4, cells: [{ shards: 1 }, { shards: 2 }, { shards: 3 }] });
  const apart = [cellPlan('x', 1, 2), cellPlan('y', 2, 2, writeOnly)];
  expect(groupsAlong('sharders', apart).map(({ cells }) => cells)).toEqual([[apart[0]]]);
});

test('a law is fitted to four counts and more, but not through cells where the machine was the limit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vase-law-'));
  try {
    const cells = [1, 2, 3, 4, 8].map((sharders) => cellPlan(`s${sharders}`, sharders, 9));
    await writeSyntheticRun(folder, { cells, scatter: 0.02 });
    const run = await readRun(folder);
    const fit = (tests: string[]) => {
      const [group] = groupsAlong(
        'sharders',
        cells.filter(({ test: name }) => tests.includes(name)),
      );
      return fitLaw({
        scope: 'run',
        group: group!,
        summaries: summarize(run),
        original: [],
        predictions: [],
      });
    };
    // At four sharders and more the synthetic machine is full: three counts are left.
    const limited = fit(['s1', 's2', 's3', 's4', 's8']);
    expect(limited.curve).toEqual([]);
    expect(limited.sentence).toContain('3 different counts');
    // A store of which each sharder adds a little less than the one before.
    for (const { cell, repeat, peak } of run.cells) {
      const { sharders } = cell;
      peak.requestsPerSecond = ((1400 * sharders) / (1 + 0.05 * (sharders - 1))) * (1 + 0.002 * (repeat - 2));
    }
    for (const cell of run.cells) cell.limit = 'sharders';
    const { curve, sentence } = fit(['s1', 's2', 's3', 's4']);
    expect(curve[0]!.requestsPerSecond).toBeGreaterThan(1300);
    expect(curve.at(-1)!.count).toBe(4);
    expect(sentence).toMatch(
      /^Universal Scalability Law with 95 % intervals: 1,[34]\d\d \(.* contention 0\.0[45]/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the original's eight cells are read, five of them along sharders and four along shards", () => {
  const original = readOriginalResults();
  expect(original).toHaveLength(8);
  expect(original.filter(({ shards }) => shards === 7)).toHaveLength(5);
  expect(original.filter(({ sharders }) => sharders === 30)).toHaveLength(4);
  expect(original[0]!.figures).toEqual({
    requests_per_second: 53.67,
    median_ms: 9100,
    mean_ms: 9027.6,
    p95_ms: 10000,
  });
});
