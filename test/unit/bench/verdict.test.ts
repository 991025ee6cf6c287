import { expect, test } from 'vitest';
import { type Cell, judge, medianOf } from '../../bench/sharder/verdict.ts';

const cell = (figures: Partial<Cell> = {}): Cell => ({
  requestsPerSecond: 10_000,
  errors: 0,
  p50Ms: 5,
  p99Ms: 10,
  p999Ms: 20,
  targetCpuMicros: 50,
  etcdCpuMicros: 10,
  loadCpuMicros: 30,
  residentMebibytes: 100,
  meanBatch: 40,
  ...figures,
});

/** Cells in which every demand on PUT at 500 connections holds. */
const cells = (vase: Partial<Cell> = {}, oneCall: Partial<Cell> = {}) =>
  new Map([
    ['PUT 500 vase', cell(vase)],
    ['PUT 500 one call', cell({ requestsPerSecond: 1000, ...oneCall })],
  ]);

const brokenOf = (all: ReadonlyMap<string, Cell>) =>
  judge(all)
    .filter(({ holds }) => !holds)
    .map(({ text }) => text);

test('a run holds whose ratios are reached and in which nothing failed', () => {
  expect(brokenOf(cells())).toEqual([]);
});

test('a ratio that is not reached is broken', () => {
  expect(brokenOf(cells({ requestsPerSecond: 2000 }))).toEqual([
    'PUT at 500: requests/s 2.00 times one call (at least 3)',
  ]);
});

test('requests that failed break the verdict, of Vase and of what it is compared with', () => {
  expect(brokenOf(cells({ errors: 3 }))).toEqual(['failed requests: 3 in PUT 500 vase (at most 0)']);
  expect(brokenOf(cells({}, { errors: 7 }))).toEqual(['failed requests: 7 in PUT 500 one call (at most 0)']);
});

test('a run in which every request failed holds nothing', () => {
  const nothing = { requestsPerSecond: 0, errors: 99_000, targetCpuMicros: Infinity };
  const broken = brokenOf(cells(nothing, nothing));
  expect(broken).toContain('PUT at 500: requests/s NaN times one call (at least 3)');
  expect(broken).toContain('failed requests: 99000 in PUT 500 one call, 99000 in PUT 500 vase (at most 0)');
});

test('the median of several rounds keeps the errors of all', () => {
  const rounds = [cell({ errors: 1 }), cell({ requestsPerSecond: 9000 }), cell({ requestsPerSecond: 1 })];
  expect(medianOf(rounds)).toMatchObject({ requestsPerSecond: 9000, errors: 1 });
});
