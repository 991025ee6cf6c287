import { expect, test } from 'vitest';
import {
  decodeHistogram,
  encodeHistogram,
  latenciesOf,
  newHistogram,
  recordMs,
} from '../../../../../scripts/bench/load/latency-histogram.ts';
import { drawsOf, uniformBelow, zipfianBelow } from '../../../../../scripts/bench/load/random.ts';
import { requestSource } from '../../../../../scripts/bench/load/requests.ts';
import { outcomeOfStatus, Window } from '../../../../../scripts/bench/load/window.ts';
import type { Workload } from '../../../../../scripts/bench/records/run-data.ts';

const draws = 200_000;
const workloadOf = (name: Workload['name']): Workload => ({
  name,
  users: 2,
  keys: 101,
  valueBytes: 16,
  distribution: 'uniform',
});

/** Share of the draws that fall on each of the first ranks. */
function shares(next: () => number, ranks: number): number[] {
  const counts = Array.from({ length: ranks }, () => 0);
  for (let index = 0; index < draws; index++) {
    const rank = next();
    if (rank < ranks) counts[rank]!++;
  }
  return counts.map((count) => count / draws);
}

test('zipfian ranks are drawn in proportion to 1 / rank^0.99', () => {
  const keys = 1000;
  const weights = Array.from({ length: keys }, (_, rank) => (rank + 1) ** -0.99);
  const total = weights.reduce((sum, weight) => sum + weight);
  const drawn = shares(zipfianBelow(keys, drawsOf(1)), 2);
  // The method is exact for the first two ranks and approximates the others.
  expect(drawn[0]).toBeCloseTo(weights[0]! / total, 2);
  expect(drawn[1]).toBeCloseTo(weights[1]! / total, 2);
  const head = shares(zipfianBelow(keys, drawsOf(2)), 100).reduce((sum, share) => sum + share);
  expect(head).toBeCloseTo(weights.slice(0, 100).reduce((sum, weight) => sum + weight) / total, 1);
});

test.each([1, 2, 3, 1000])('of %d keys none is outside, whatever the distribution', (keys) => {
  for (const below of [zipfianBelow, uniformBelow]) {
    const next = below(keys, drawsOf(3));
    for (let index = 0; index < 10_000; index++) {
      const key = next();
      expect(Number.isInteger(key) && key >= 0 && key < keys).toBe(true);
    }
  }
});

test('uniform draws leave no key out and favour none', () => {
  for (const share of shares(uniformBelow(10, drawsOf(4)), 10)) expect(share).toBeCloseTo(0.1, 2);
});

test('the original’s users put a key, then get the same one', () => {
  const next = requestSource(workloadOf('original'), { user: 1, seed: 1 });
  for (let index = 0; index < 50; index++) {
    const put = next();
    expect(put).toMatchObject({ method: 'PUT', path: '/set' });
    const { path } = JSON.parse(put.body!) as { path: string };
    expect(path).toMatch(/^([0-9]|[1-9][0-9]|100)_value_key$/);
    expect(next()).toEqual({ method: 'GET', path: `/get/${path}`, key: put.key });
  }
});

test.each<[Workload['name'], number]>([
  ['ycsb-a', 0.5],
  ['ycsb-b', 0.05],
  ['ycsb-c', 0],
  ['write-only', 1],
])('%s writes with a share of %d', (name, share) => {
  const next = requestSource(workloadOf(name), { user: 0, seed: 1 });
  const writes = Array.from({ length: 20_000 }, next).filter(({ method }) => method === 'PUT').length;
  expect(writes / 20_000).toBeCloseTo(share, 1);
});

test('users differ, and the same seed gives the same requests', () => {
  const paths = (user: number, seed: number) => {
    const next = requestSource(workloadOf('ycsb-c'), { user, seed });
    return Array.from({ length: 20 }, () => next().path).join(' ');
  };
  expect(paths(0, 1)).toBe(paths(0, 1));
  expect(new Set([paths(0, 1), paths(1, 1), paths(0, 2)]).size).toBe(3);
});

test('histograms go over the channel and add up without loss', () => {
  const whole = newHistogram();
  for (const part of [1, 2]) {
    const histogram = newHistogram();
    for (let latencyMs = 1; latencyMs <= 1000; latencyMs++) recordMs(histogram, latencyMs * part);
    whole.add(decodeHistogram(encodeHistogram(histogram)));
  }
  const { medianMs, p99Ms, maxMs, meanMs } = latenciesOf(whole);
  expect(whole.totalCount).toBe(2000);
  expect(medianMs / 667).toBeCloseTo(1, 2);
  expect(p99Ms / 1960).toBeCloseTo(1, 2);
  expect(maxMs / 2000).toBeCloseTo(1, 2);
  expect(meanMs / 750.75).toBeCloseTo(1, 2);
});

test('latencies outside the range count at its end, and an empty histogram has zeros', () => {
  const histogram = newHistogram();
  for (const latencyMs of [-1, 0, 1e9]) recordMs(histogram, latencyMs);
  expect(latenciesOf(histogram).maxMs / 120_000).toBeCloseTo(1, 2);
  expect(Object.values(latenciesOf(newHistogram()))).toEqual([0, 0, 0, 0, 0, 0, 0]);
});

test('only what lies in the window counts, in its second', () => {
  const window = new Window(2);
  window.count(100, 'ok', 5);
  window.open(1000);
  for (const atMs of [999, 1000, 1999, 2000, 2999.9, 3000]) window.count(atMs, 'ok', 5);
  window.count(2500, 'failed', 5);
  window.count(2500, 'indefinite', 5);
  const seconds = window.result();
  expect(seconds.map(({ histogram }) => decodeHistogram(histogram).totalCount)).toEqual([2, 2]);
  expect(seconds.map(({ failed, indefinite }) => [failed, indefinite])).toEqual([
    [0, 0],
    [1, 1],
  ]);
});

test.each([
  [200, 'ok'],
  [204, 'ok'],
  [404, 'failed'],
  [429, 'failed'],
  [503, 'failed'],
  [504, 'indefinite'],
  [507, 'indefinite'],
])('status %d counts as %s', (status, outcome) => {
  expect(outcomeOfStatus(status)).toBe(outcome);
});
