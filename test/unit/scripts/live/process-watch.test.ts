// What the watch takes for an end that nobody inflicted, from statuses as both kinds of cluster give them.
import { beforeEach, expect, test } from 'vitest';
import type { ClusterStatus, ProcessHealth } from '../../../../cluster/providers/provider.ts';
import { ProcessWatch } from '../../../../scripts/live/process-watch.ts';

type Process = [process: ProcessHealth, pid: number | null, restarts?: number];
interface Cluster {
  provider?: 'local' | 'kind';
  member?: Process;
  sharder?: Process;
  viewServers?: Record<string, Process>;
}

let nowS: number;
let watch: ProcessWatch;
const nowNs = () => nowS * 1e9;
const newWatch = (restartsOfStrike: number, startS: number) =>
  new ProcessWatch({ nowNs, restartsOfStrike, startNsMax: startS * 1e9 });

beforeEach(() => {
  nowS = 0;
  watch = newWatch(0, 0);
});

function statusOf({ provider = 'local', member, sharder, viewServers = {} }: Cluster): ClusterStatus {
  const described = ([process, pid, count = 0]: Process) => ({ process, pid, restarts: { count, at: null } });
  const members = member
    ? [{ name: 'etcd-1-0', ...described(member), endpoint: '', etcd: null, fsync: null }]
    : [];
  return {
    provider,
    health: 'ready',
    endpoint: null,
    shards: [
      {
        id: 1,
        name: 'etcd-1',
        leader: null,
        hasQuorum: true,
        isFull: false,
        isCorrupt: false,
        fsync: null,
        members,
      },
    ],
    sharders: sharder ? [{ name: 'sharder-1', ...described(sharder), adminEndpoint: 'a', ready: true }] : [],
    viewServers: Object.entries(viewServers).map(([name, process]) => ({
      name,
      ...described(process),
      endpoint: '',
      ready: true,
    })),
    etcd: null,
    disk: null,
    problems: [],
    notes: [],
  };
}

function seeAt(seconds: number, cluster: Cluster): void {
  nowS = seconds;
  watch.see(watch.look(), statusOf(cluster));
}

const found = () =>
  watch.findings.map(({ who, fromNs, untilNs }) => [
    who,
    fromNs / 1e9,
    untilNs === null ? null : untilNs / 1e9,
  ]);

test('a process that ends, and one of each kind, is found once, with the times around it', () => {
  seeAt(1, { member: ['running', 7], sharder: ['running', 8], viewServers: { v: ['running', 9] } });
  for (const second of [2, 3])
    seeAt(second, {
      member: ['stopped', null],
      sharder: ['running', 8],
      viewServers: { v: ['stopped', null] },
    });
  expect(found()).toEqual([
    ['etcd-1-0', 1, null],
    ['v', 1, null],
  ]);
  seeAt(5, { member: ['running', 17], sharder: ['stopped', null], viewServers: { v: ['stopped', null] } });
  expect(found()).toEqual([
    ['etcd-1-0', 1, 5],
    ['v', 1, null],
    ['sharder-1', 3, null],
  ]);
});

test('one that is started again between two looks is known by its pid, and counted once', () => {
  seeAt(1, { member: ['running', 7] });
  seeAt(2, { member: ['running', 17] });
  // The keeper writes down that it has started it again, a moment after it did.
  seeAt(3, { member: ['running', 17, 1] });
  expect(found()).toEqual([['etcd-1-0', 1, 2]]);
});

test('in Kubernetes it is known by the count of its restarts', () => {
  watch = newWatch(1, 60);
  seeAt(1, { provider: 'kind', member: ['running', null, 4] });
  seeAt(2, { provider: 'kind', member: ['running', null, 5] });
  expect(found()).toEqual([['etcd-1-0', 1, 2]]);
});

test('a pod that another one replaces is found', () => {
  watch = newWatch(1, 60);
  seeAt(1, { provider: 'kind', viewServers: { 'v-1': ['running', null] } });
  seeAt(2, { provider: 'kind', viewServers: { 'v-2': ['running', null] } });
  seeAt(3, { provider: 'kind', viewServers: { 'v-2': ['running', null] } });
  expect(found()).toEqual([['v-1', 1, null]]);
});

test('a pause is no end, and a process that ends within one is found', () => {
  seeAt(1, { member: ['running', 7] });
  seeAt(2, { member: ['paused', 7] });
  expect(found()).toEqual([]);
  seeAt(3, { member: ['stopped', null] });
  expect(found()).toEqual([['etcd-1-0', 2, null]]);
});

test('a strike and the start after it are not found, a later end is', () => {
  seeAt(1, { member: ['running', 7] });
  watch.leaveAlone('etcd-1-0');
  seeAt(2, { member: ['stopped', null] });
  seeAt(3, { member: ['running', 17] });
  watch.leaveAlone('etcd-1-0');
  watch.expect('etcd-1-0');
  seeAt(4, { member: ['running', 27] });
  expect(found()).toEqual([]);
  seeAt(5, { member: ['stopped', null] });
  expect(found()).toEqual([['etcd-1-0', 4, null]]);
});

test('what ended before it was struck is found, and its time ends with the strike', () => {
  seeAt(1, { member: ['running', 7] });
  seeAt(2, { member: ['stopped', null] });
  nowS = 3;
  watch.leaveAlone('etcd-1-0');
  watch.expect('etcd-1-0');
  seeAt(4, { member: ['running', 17] });
  expect(found()).toEqual([['etcd-1-0', 1, 3]]);
});

test('one that ends right after the run has started it is found', () => {
  seeAt(1, { member: ['running', 7] });
  watch.leaveAlone('etcd-1-0');
  watch.expect('etcd-1-0');
  seeAt(2, { member: ['stopped', null] });
  expect(found()).toEqual([['etcd-1-0', 1, null]]);
});

test('in Kubernetes a strike is worth one restart, and its pod may take its time', () => {
  watch = newWatch(1, 60);
  const strike = () => {
    watch.leaveAlone('etcd-1-0');
    watch.leaveAlone('etcd-1-0');
    watch.expect('etcd-1-0');
  };
  seeAt(1, { provider: 'kind', member: ['running', null, 4] });
  strike();
  seeAt(30, { provider: 'kind', member: ['stopped', null, 4] });
  seeAt(40, { provider: 'kind', member: ['running', null, 5] });
  expect(found()).toEqual([]);
  strike();
  seeAt(50, { provider: 'kind', member: ['running', null, 7] });
  expect(found()).toEqual([['etcd-1-0', 40, 50]]);
  strike();
  seeAt(111, { provider: 'kind', member: ['stopped', null, 7] });
  expect(found().at(-1)).toEqual(['etcd-1-0', 50, null]);
});

test('a status that was on its way while the run struck says nothing of the victim', () => {
  seeAt(1, { member: ['running', 7], sharder: ['running', 8] });
  const look = watch.look();
  watch.leaveAlone('etcd-1-0');
  watch.expect('etcd-1-0');
  watch.see(look, statusOf({ member: ['stopped', null], sharder: ['stopped', null] }));
  expect(found()).toEqual([['sharder-1', 1, null]]);
});

test('a status that arrives after a newer one is not taken for a second change', () => {
  seeAt(1, { member: ['running', 7] });
  const look = watch.look();
  seeAt(2, { member: ['running', 17] });
  watch.see(look, statusOf({ member: ['running', 7] }));
  seeAt(3, { member: ['running', 17] });
  expect(found()).toEqual([['etcd-1-0', 1, 2]]);
});

test('of ends without number, the first hundred are kept', () => {
  for (let second = 0; second <= 120; second++) seeAt(second, { member: ['running', 1000 + second] });
  expect(found()).toHaveLength(100);
  expect(found()[0]).toEqual(['etcd-1-0', 0, 1]);
});
