import { expect, test } from 'vitest';
import type { FreezeRound } from '../../bench/moves/measure-freezes.ts';
import type { SpeedRound } from '../../bench/moves/measure-speed.ts';
import { describeLimit, judge } from '../../bench/moves/verdict.ts';

const cores = { viewServer: 0.3, source: 0.5, destination: 0.4, machine: 2 };
const speed = (movedPerSecond: number, more: Partial<SpeedRound> = {}): SpeedRound => ({
  to: 2,
  keys: 1000,
  movedPerSecond,
  clientPerSecond: 10_000,
  pipelinedPerSecond: 20_000,
  phaseMs: new Map([
    ['copy', 30],
    ['clean', 10],
  ]),
  cores,
  ...more,
});
const freeze = (frozenMs: number[], errors = 0): FreezeRound => ({
  frozenMs,
  write: { p50Ms: 5, p99Ms: 20, requestsPerSecond: 500, errors },
});

const brokenOf = (speeds: SpeedRound[], freezes: FreezeRound[]) =>
  judge({ members: 3, speeds, freezes })
    .filter(({ holds }) => !holds)
    .map(({ text }) => text);

test('a run holds whose ratios are reached, by the median of its rounds', () => {
  expect(brokenOf([speed(5000), speed(9000), speed(1000)], [freeze([10, 30])])).toEqual([]);
});

test('moves that are too slow are broken', () => {
  expect(brokenOf([speed(4900)], [freeze([10])])).toEqual([
    '3 members: keys moved per second 0.49 times one client that batches puts, 1 times (at least 0.5)',
  ]);
});

test('the longest freezes are judged, not the usual ones', () => {
  expect(brokenOf([speed(9000)], [freeze([10, 10, 10, 31])])).toEqual([
    '3 members: a slot is frozen, at p99, for 6.20 times the p50 of a write, 4 moves (at most 6)',
  ]);
});

test('a run without moves, or in which writes failed, holds nothing', () => {
  expect(brokenOf([], []).length).toBe(2);
  expect(brokenOf([speed(9000)], [freeze([10], 7)])).toEqual([
    '3 members: writes that failed meanwhile: 7 (at most 0)',
  ]);
});

test('what limits is said by the time of each phase and by who was busy', () => {
  expect(describeLimit({ speeds: [speed(9000)] })).toBe(
    'time of moves by phase: copy 75 %, clean 25 %; cores in use while slots moved, of 2: the mover 0.30, the source 0.50, the destination 0.40; what limits is waiting: the source is busiest',
  );
  const busy = { ...cores, viewServer: 1 };
  expect(describeLimit({ speeds: [speed(9000, { cores: busy })] })).toContain(
    'what limits is the machine, and the mover most of it',
  );
});
