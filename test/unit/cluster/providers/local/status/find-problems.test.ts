import { expect, test } from 'vitest';
import { findProblems } from '../../../../../../cluster/providers/local/status/find-problems.ts';
import { stateFolder } from '../../../../../../cluster/state/state-folder.ts';
import type { MemberStatus } from '../../../../../../cluster/providers/provider.ts';
import { parseTopology } from '../../../../../../cluster/topology/topology.ts';

function member(name: string, version: string): MemberStatus {
  const sizes = { dbSizeBytes: 20_480, dbSizeInUseBytes: 20_480, quotaBytes: null };
  const etcd = { version, ...sizes, raftTerm: 2, raftIndex: 9, leads: false, isLearner: false };
  const restarts = { count: 0, at: null };
  return { name, process: 'running', pid: 7, restarts, endpoint: '127.0.0.1:20001', etcd, fsync: null };
}

test('a member that runs another release than the one recorded is named', () => {
  const topology = parseTopology({ shards: 1, members: 3, sharders: 1 });
  const etcd = { path: '/opt/etcd/etcd', version: '3.7.3' };
  const state = {
    format: 1 as const,
    topology,
    httpPort: 5000,
    etcd,
    shards: [],
    sharders: [],
    viewServers: [],
  };
  const members = [member('etcd-1-0', '3.7.3'), member('etcd-1-1', '3.4.23')];
  const shard = {
    id: 1,
    name: 'etcd-1',
    leader: 'etcd-1-0',
    hasQuorum: true,
    isFull: false,
    isCorrupt: false,
    fsync: null,
    members,
  };
  const seen = { shards: [shard], sharders: [], viewServers: [], isKept: true };
  expect(findProblems(stateFolder('/nowhere'), state, seen)).toEqual([
    {
      what: 'etcd-1-1 runs etcd 3.4.23, and the cluster 3.7.3',
      fix: '`make down`, then `make up`, start it with the release of the cluster.',
    },
  ]);
});
