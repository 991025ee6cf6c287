import { expect, test } from 'vitest';
import { findSilences, type Struck } from '../../../../scripts/live/silences.ts';
import type { History } from '../../../../sim/checker/history/history-reader.ts';
import type { Outcome } from '../../../../sim/checker/history/operation.ts';

const names = {
  shards: [
    { name: 'etcd-1', members: ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'] },
    { name: 'etcd-2', members: ['etcd-2-0', 'etcd-2-1', 'etcd-2-2'] },
  ],
  sharders: ['sharder-1', 'sharder-2'],
};

/** An operation a second on a key of the shard, each of half a second; times in seconds. */
function work(
  shard: string,
  fromS: number,
  untilS: number,
  kind: 'ok' | 'mismatch' | 'fail' | 'open',
): [string, number, Outcome][] {
  const outcome = kind === 'ok' ? { kind, value: null } : { kind };
  return Array.from({ length: untilS - fromS }, (_, second) => [`${shard}/1`, fromS + second, outcome]);
}

function historyOf(operations: [string, number, Outcome][]): History {
  const timesNs = operations.flatMap(([, fromS]) => [fromS * 1e9, (fromS + 0.5) * 1e9]);
  return {
    operations: operations.map(([key, , outcome], index) => ({
      process: index,
      key,
      action: outcome.kind === 'mismatch' ? { kind: 'cas', expected: 1, value: 2 } : { kind: 'get' },
      outcome,
      invoked: 2 * index,
      returned: 2 * index + 1,
    })),
    faults: [],
    timesNs: Float64Array.from(timesNs),
  };
}

const struck = (victims: string[], fromS: number, untilS: number): Struck => ({
  victims,
  fromNs: fromS * 1e9,
  untilNs: untilS * 1e9,
});

function found(operations: [string, number, Outcome][], faults: Struck[] = [], known = names) {
  return findSilences(historyOf(operations), faults, known).map((finding) => {
    if (finding.kind !== 'no-answer') throw new Error(finding.kind);
    const { who, fromNs, untilNs, unexplainedNs } = finding;
    return [who, fromNs / 1e9, untilNs / 1e9, unexplainedNs / 1e9];
  });
}

/** etcd-1 is silent for 31 s, while etcd-2 answers all the time. */
const silent = (kind: 'fail' | 'open') => [
  ...work('etcd-2', 0, 60, 'ok'),
  ...work('etcd-1', 0, 20, 'ok'),
  ...work('etcd-1', 20, 50, kind),
  ...work('etcd-1', 50, 60, 'mismatch'),
];

test.each(['fail', 'open'] as const)('a shard whose operations all end as %s is silent', (kind) => {
  expect(found(silent(kind))).toEqual([['etcd-1', 19.5, 50.5, 31]]);
});

test('a silence that lasts until the last operation is one, and so is a shard that never answers', () => {
  const operations = [...work('etcd-1', 0, 15, 'open'), ...work('etcd-2', 0, 5, 'ok')];
  expect(found([...operations, ...work('etcd-2', 5, 30, 'fail')])).toEqual([
    ['etcd-1', 0, 14.5, 14.5],
    ['etcd-2', 4.5, 29.5, 25],
  ]);
});

test('a condition that did not hold is an answer', () => {
  expect(found(work('etcd-1', 0, 60, 'mismatch'))).toEqual([]);
});

test('10 s are no silence yet, and where nobody asks nobody is silent', () => {
  const short = [...work('etcd-1', 0, 5, 'ok'), ...work('etcd-1', 5, 14, 'fail')];
  expect(found([...short, ...work('etcd-1', 14, 20, 'ok')])).toEqual([]);
  expect(found([...work('etcd-1', 0, 5, 'ok'), ...work('etcd-1', 60, 65, 'ok')])).toEqual([]);
});

test('a fault of the shard explains its own time and 10 s after it, and no more', () => {
  expect(found(silent('fail'), [struck(['etcd-1-1', 'etcd-1-0'], 19, 41)])).toEqual([]);
  expect(found(silent('fail'), [struck(['etcd-1-1'], 19, 39)])).toEqual([['etcd-1', 19.5, 50.5, 11.5]]);
});

test('overlapping faults explain a moment once', () => {
  const faults = [struck(['etcd-1-1'], 19, 39), struck(['etcd-1-0'], 20, 38)];
  expect(found(silent('fail'), faults)).toEqual([['etcd-1', 19.5, 50.5, 11.5]]);
});

test('faults that go on do not hide a shard that never comes back', () => {
  const faults = Array.from({ length: 8 }, (_, index) =>
    struck(['etcd-1-0'], 20 + 4 * index, 22 + 4 * index),
  );
  expect(found(silent('fail'), faults)).toEqual([['etcd-1', 19.5, 50.5, 15]]);
});

test('a fault of another shard, or of one sharder of two, explains nothing; of the only sharder, it does', () => {
  const faults = [struck(['etcd-2-0', 'etcd-2-1'], 19, 51), struck(['sharder-1'], 19, 51)];
  expect(found(silent('fail'), faults)).toEqual([['etcd-1', 19.5, 50.5, 31]]);
  expect(found(silent('fail'), faults, { ...names, sharders: ['sharder-1'] })).toEqual([]);
});
