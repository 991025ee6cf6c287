import { expect, test } from 'vitest';
import { findRoomProblem, refusesPuts } from '../../../../cluster/providers/room-problem.ts';
import type { MemberStatus } from '../../../../cluster/providers/provider.ts';

const mebibyte = 1024 * 1024;
const fixes = { more: 'delete keys', defragment: 'defragment it' };

/** Of 1 GiB, of which 64 MiB are kept. */
function shard(sizeMiB: number, inUseMiB: number, { isFull = false, quotaMiB = 1024 } = {}) {
  const etcd = {
    version: '3.6.16',
    dbSizeBytes: sizeMiB * mebibyte,
    dbSizeInUseBytes: inUseMiB * mebibyte,
    quotaBytes: quotaMiB === 0 ? null : quotaMiB * mebibyte,
    raftTerm: 2,
    raftIndex: 9,
    leads: true,
    isLearner: false,
  };
  const restarts = { count: 0, at: null };
  const member = { name: 'etcd-1-0', process: 'running', pid: 7, restarts, endpoint: 'h:1', fsync: null };
  const down = { ...member, name: 'etcd-1-1', process: 'stopped', etcd: null };
  return { name: 'etcd-1', isFull, members: [{ ...member, etcd }, down] as MemberStatus[] };
}

test.each([
  ['little in it', shard(100, 100), null],
  ['gaps that puts take first', shard(1000, 500), null],
  [
    'four fifths of it',
    shard(900, 900),
    {
      what: 'etcd-1: 900 of 1024 MiB are in use; puts are refused from 960 MiB on',
      fix: 'delete keys',
    },
  ],
  [
    'no more than the reserve left',
    shard(980, 960),
    {
      what: 'etcd-1 is full: 960 of 1024 MiB are in use, and the rest is for its own records; puts are refused from 960 MiB on',
      fix: 'delete keys',
    },
  ],
  [
    'gaps up to its quota',
    shard(1010, 500),
    {
      what: 'etcd-1 has to be defragmented: its database takes 1010 of 1024 MiB, with 500 MiB in use; puts are refused from 960 MiB on',
      fix: 'defragment it',
    },
  ],
  ['a quota that nobody knows', shard(1010, 1010, { quotaMiB: 0 }), null],
  ["etcd's own alarm, which is told elsewhere", shard(1024, 1024, { isFull: true }), null],
])('a shard with %s', (_title, seen, problem) => {
  expect(findRoomProblem(seen, fixes)).toEqual(problem);
});

test('puts are refused where the reserve begins', () => {
  expect(refusesPuts(shard(959, 959))).toBe(false);
  expect(refusesPuts(shard(960, 960))).toBe(true);
});
