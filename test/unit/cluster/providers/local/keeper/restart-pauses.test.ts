/** When a process that ends is started again. */
import { expect, test } from 'vitest';
import {
  noPause,
  whenEnded,
  whenRunning,
  whenTried,
  type RestartPause,
} from '../../../../../../cluster/providers/local/keeper/restart-pauses.ts';

/** The pauses of a process that ends `livesMs` after each start. */
function pausesOf(count: number, livesMs: number): number[] {
  const pauses: number[] = [];
  let pause: RestartPause = noPause;
  let nowMs = 5000;
  for (let round = 0; round < count; round++) {
    pause = whenEnded(pause, nowMs);
    pauses.push(pause.dueAtMs! - nowMs);
    nowMs = pause.dueAtMs!;
    pause = whenTried(pause, nowMs);
    for (let aliveMs = 500; aliveMs < livesMs; aliveMs += 500) pause = whenRunning(pause, nowMs + aliveMs);
    nowMs += livesMs;
  }
  return pauses;
}

test('the pause doubles up to a minute while a process ends soon after each start', () => {
  expect(pausesOf(8, 3000)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

test('one that ends at once has the same pauses, and so has one that cannot be started', () => {
  expect(pausesOf(4, 0)).toEqual([1000, 2000, 4000, 8000]);
});

test('one that has run for a while is started soon again', () => {
  expect(pausesOf(4, 180_000)).toEqual([1000, 1000, 1000, 1000]);
});

test('a look at what has ended already puts nothing off', () => {
  const ended = whenEnded(noPause, 0);
  expect(whenEnded(ended, 700)).toEqual(ended);
});
