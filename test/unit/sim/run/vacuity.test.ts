import { expect, test } from 'vitest';
import { oddAnswerNames } from '../../../../sim/etcd/odd-answers.ts';
import { releaseNames } from '../../../../sim/etcd/release.ts';
import { faultKinds } from '../../../../sim/run/scenario/scenario.ts';
import type { Progress } from '../../../../sim/run/search-failure.ts';
import { vacuityOf } from '../../../../sim/run/vacuity.ts';
import { exitCodeOf } from '../../../../sim/run/properties/violations.ts';

const rich: Progress = {
  runs: 300,
  operations: { ok: 90_000, failed: 0, unknown: 0 },
  movesDone: 500,
  movesAborted: 60,
  movesUnproven: 0,
  movesFailed: 0,
  copiesOutlasting: 5,
  strikes: {},
  answers: Object.fromEntries(oddAnswerNames.map((name) => [name, 1])),
  releases: Object.fromEntries(releaseNames.map((name) => [name, 75])),
  members: { lostDisks: 1, membersJoined: 1, membersLeft: 1, snapshots: 1 },
  faults: Object.fromEntries(faultKinds.map((kind) => [kind, 1])),
};

test('runs in which enough happened have shown something', () => {
  expect(vacuityOf(rich)).toEqual([]);
});

test.each<[string, Partial<Progress>, RegExp]>([
  ['operations', { operations: { ok: 60_000, failed: 0, unknown: 0 } }, /only 60000 operations succeeded/],
  ['moves', { movesDone: 300 }, /only 300 moves were completed/],
  ['watches that are believed', { movesUnproven: 1 }, /^1 watches that told all were not believed/],
  ['copies that take long', { copiesOutlasting: 0 }, /^no copy took longer than etcd remembers/],
  ['moves undone', { movesAborted: 30 }, /only 30 moves were undone/],
  [
    'strikes',
    {
      runs: 10_000,
      operations: { ok: 3_000_000, failed: 0, unknown: 0 },
      movesDone: 20_000,
      movesAborted: 2000,
    },
    /strikes that never fell in 10000 runs: pause in import, /,
  ],
  [
    'odd answers',
    {
      runs: 2000,
      operations: { ok: 600_000, failed: 0, unknown: 0 },
      movesDone: 4000,
      movesAborted: 400,
      answers: { ...rich.answers, late: 0 },
    },
    /odd answers that never came in 2000 runs: late$/,
  ],
  ['releases', { releases: { '3.4': 150, '3.6': 150 } }, /that 300 runs never used: 3.5, 3.7$/],
  [
    'members that join',
    { members: { lostDisks: 9, membersJoined: 0, membersLeft: 1 } },
    /^of members there was none of membersJoined in 300 runs$/,
  ],
  ['kinds of faults', { faults: { ...rich.faults, split: 0 } }, /never struck in 300 runs: split$/],
])('runs with too few %s have shown nothing, and are not passed', (_what, poor, message) => {
  const violations = vacuityOf({ ...rich, ...poor });
  expect(violations).toMatchObject([{ property: 'vacuous', message: expect.stringMatching(message) }]);
  expect(exitCodeOf(violations)).toBe(3);
});

test('of a few runs nothing can be said', () => {
  expect(vacuityOf({ ...rich, runs: 299, movesDone: 0, faults: {} })).toEqual([]);
});
