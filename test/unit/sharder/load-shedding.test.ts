import { expect, test } from 'vitest';
import { LoadShedding } from '../../../sharder/http/load-shedding.ts';

const beatMs = 25;
const serveMs = 1;
const refuseMs = 0.4;

/**
 * An event loop in virtual time: in each turn it takes everything that has arrived, then the heart beats. Connections are
 * many and each waits for its answer, so that arrivals never stop by themselves.
 */
function runLoop(options: {
  perSecond: number;
  seconds: number;
  stallMs?: (nowMs: number) => number;
  admitsAll?: boolean;
}) {
  const shedding = new LoadShedding(0);
  const served: { atMs: number; waitedMs: number }[] = [];
  let refused = 0;
  let held = 0;
  let nowMs = 0;
  let arrived = 0;
  let beatAtMs = 0;
  const gapMs = 1000 / options.perSecond;
  while (nowMs < options.seconds * 1000) {
    const turnAtMs = nowMs;
    nowMs += options.stallMs?.(nowMs) ?? 0;
    for (let dueMs = arrived * gapMs; dueMs <= turnAtMs; dueMs = ++arrived * gapMs) {
      if (shedding.admit() || options.admitsAll) {
        nowMs += serveMs;
        served.push({ atMs: nowMs, waitedMs: nowMs - dueMs });
      } else held++;
    }
    while (held > 0 && shedding.mayAnswerRefusal()) {
      held--;
      refused++;
      nowMs += refuseMs;
    }
    if (nowMs === turnAtMs) nowMs += 1;
    if (nowMs >= beatAtMs + beatMs) {
      shedding.beat(nowMs, nowMs - beatAtMs - beatMs);
      beatAtMs = nowMs;
    }
  }
  const after = (atMs: number) => served.filter((each) => each.atMs >= atMs);
  return { shedding, served, refused, held, after };
}

test.each([2, 5])('at %i times the capacity most of it is still served in time', (factor) => {
  const seconds = 20;
  const inTime = (admitsAll: boolean) =>
    runLoop({ perSecond: factor * 1000, seconds, admitsAll })
      .after(5000)
      .filter(({ waitedMs }) => waitedMs <= 1000).length /
    (seconds - 5);
  expect(inTime(false)).toBeGreaterThan(700);
  expect(inTime(true)).toBe(0);
});

test('below the capacity nothing is refused', () => {
  const { refused, held, served } = runLoop({ perSecond: 900, seconds: 20 });
  expect([refused, held]).toEqual([0, 0]);
  expect(served.length).toBeGreaterThan(17_900);
});

test('a stall that ends, as of a collection of garbage, refuses nobody', () => {
  const stalls = new Set([3, 6, 9]);
  const stallMs = (nowMs: number) => (stalls.delete(Math.floor(nowMs / 1000)) ? 400 : 0);
  const { refused, held } = runLoop({ perSecond: 300, seconds: 12, stallMs });
  expect([refused, held]).toEqual([0, 0]);
});

test('after an overload everything is admitted again', () => {
  const shedding = new LoadShedding(0);
  let nowMs = 0;
  const beat = (delayMs: number, requests: number) => {
    for (let count = 0; count < requests; count++) shedding.admit();
    nowMs += beatMs + delayMs;
    shedding.beat(nowMs, delayMs);
  };
  for (let turn = 0; turn < 10; turn++) beat(300, 500);
  expect(shedding.isShedding).toBe(true);
  for (let turn = 0; turn < 200; turn++) beat(0, 1);
  expect(shedding.isShedding).toBe(false);
  expect(shedding.admit()).toBe(true);
});

test('whatever is measured, some requests are carried out', () => {
  const shedding = new LoadShedding(0);
  let nowMs = 0;
  let admitted = 0;
  for (let turn = 0; turn < 100; turn++) {
    for (let count = 0; count < 100; count++) if (shedding.admit() && turn >= 50) admitted++;
    nowMs += 1000;
    shedding.beat(nowMs, 975);
  }
  expect(admitted / 50).toBeGreaterThan(4);
});

test('refusals are a share of what is carried out', () => {
  const { refused, after } = runLoop({ perSecond: 5000, seconds: 20 });
  expect(refused).toBeGreaterThan(1000);
  expect(refused / after(1000).length).toBeLessThan(0.3);
});
