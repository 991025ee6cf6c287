import { describe, expect, test } from 'vitest';
import type { EtcdCaller } from '../../../../../cluster/etcd/etcd-caller.ts';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import { awaitShards, type ShardWait } from '../../../../../cluster/providers/kubernetes/await-shards.ts';

const names = ['etcd-2-0', 'etcd-2-1', 'etcd-2-2'];
type Condition = 'ready' | 'unready' | 'crashing' | 'pending';

/** A shard of three members in the state that Kubernetes gives them now; those that are ready follow the first of them. */
function shardOf(conditions: () => readonly Condition[], wait: Partial<ShardWait> = {}) {
  const labels = { 'vase/shard': '2', 'app.kubernetes.io/component': 'etcd' };
  const pods = () =>
    conditions().map((condition, index) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: names[index],
        labels,
        uid: `${index}`,
        creationTimestamp: new Date().toISOString(),
      },
      status: {
        phase: condition === 'pending' ? 'Pending' : 'Running',
        conditions: [{ type: 'Ready', status: condition === 'ready' ? 'True' : 'False' }],
        containerStatuses: condition === 'pending' ? [] : [container(condition)],
      },
    }));
  const sets = () => {
    const readyReplicas = conditions().filter((condition) => condition === 'ready').length;
    const status = {
      replicas: 3,
      readyReplicas,
      updatedReplicas: 3,
      currentRevision: 'a',
      updateRevision: 'a',
    };
    return [{ metadata: { name: 'etcd-2', labels }, spec: { replicas: 3 }, status }];
  };
  const client = {
    list: async ({ kind }: { kind: string }) =>
      kind === 'Pod' ? pods() : kind === 'StatefulSet' ? sets() : [],
    readLog: async () => 'panic: invalid database\n',
  } as unknown as KubernetesClient;
  const call: EtcdCaller['call'] = async (endpoint) => {
    const leader = conditions().indexOf('ready');
    const header = {
      memberId: `m${endpoint.charAt('etcd-2-'.length)}`,
      revision: 1,
      raftTerm: 1,
      clusterId: '1',
    };
    const reply = { kind: 'status', header, leaderId: `m${leader}` };
    return { kind: 'reply', reply } as unknown as Awaited<ReturnType<EtcdCaller['call']>>;
  };
  return awaitShards({
    cluster: { client, instance: 'vase', members: { call } },
    signal: new AbortController().signal,
    sinceMs: Date.now() - 60_000,
    countMin: 1,
    home: 1,
    mayBeDead: () => true,
    ...wait,
  });
}

function container(condition: Condition) {
  const ended = { exitCode: 2, finishedAt: new Date().toISOString() };
  const state =
    condition === 'crashing' ? { waiting: { reason: 'CrashLoopBackOff' } } : { running: { startedAt: '' } };
  const last = condition === 'crashing' ? { lastState: { terminated: ended } } : {};
  return { name: 'etcd', restartCount: condition === 'crashing' ? 3 : 0, state, ...last };
}

const dead = 'etcd-2 is dead: 1 of its 3 members run, without a leader';
const crash = (name: string) =>
  `${name} starts and ends again and again with exit code 2\n  | panic: invalid database`;

describe('a shard that has run before', () => {
  test('is well when all its members are', async () => {
    const [shard] = await shardOf(() => ['ready', 'ready', 'ready']);
    expect(shard).toMatchObject({ id: 2, leader: 'etcd-2-0', problems: [] });
  });

  test('is served by a quorum, and the member that crashes is told with its last lines', async () => {
    const [shard] = await shardOf(() => ['ready', 'crashing', 'ready']);
    expect(shard!.leader).toBe('etcd-2-0');
    expect(shard!.problems.map(({ what }) => what)).toEqual([crash('etcd-2-1')]);
  });

  test('is dead when the most of its members crash', async () => {
    const [shard] = await shardOf(() => ['crashing', 'unready', 'crashing']);
    expect(shard!.leader).toBeNull();
    const whats = shard!.problems.map(({ what }) => what);
    expect(whats).toEqual([dead, crash('etcd-2-0'), crash('etcd-2-2'), 'etcd-2-1 runs and is not ready']);
  });

  test('is dead, too, when its members crash at other moments and run between', async () => {
    let looks = 0;
    const [shard] = await shardOf(() => {
      looks++;
      return looks % 40 < 20 ? ['crashing', 'unready', 'unready'] : ['unready', 'unready', 'crashing'];
    });
    expect(shard!.problems[0]!.what).toBe(dead);
  });

  test('is waited for while one of its members may still come', async () => {
    const startedMs = performance.now();
    const isStarting = () => performance.now() < startedMs + 1000;
    const [shard] = await shardOf(() => [isStarting() ? 'unready' : 'ready', 'ready', 'crashing']);
    expect(shard!.leader).toBe('etcd-2-0');
    expect(shard!.problems.map(({ what }) => what)).toEqual([crash('etcd-2-2')]);
  });

  test('is given up when nothing changes about it for long, though Kubernetes finds no fault', async () => {
    const [without] = await shardOf(() => ['unready', 'unready', 'ready'], { quietMsMax: 500 });
    expect(without!.leader).toBeNull();
    const [quorum] = await shardOf(() => ['ready', 'unready', 'ready'], { quietMsMax: 500 });
    expect(quorum!.leader).toBe('etcd-2-0');
    expect(quorum!.problems.map(({ what }) => what)).toEqual(['etcd-2-1 runs and is not ready']);
  });
});

test('the home shard is said to be that', async () => {
  const [shard] = await shardOf(() => ['crashing', 'crashing', 'crashing'], { home: 2 });
  expect(shard!.problems[0]!.fix).toContain('It is the home shard');
});

test('a fault of a shard that may not be dead ends the wait', async () => {
  const wait = shardOf(() => ['ready', 'crashing', 'ready'], { mayBeDead: () => false });
  await expect(wait).rejects.toThrow('etcd-2-1 starts and ends again and again');
});
