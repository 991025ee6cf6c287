// What is deleted before a new attempt: what cannot start, and nothing that runs.
import { expect, test } from 'vitest';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import { clearBroken } from '../../../../../cluster/providers/kubernetes/clear-broken.ts';
import type { KubernetesCluster } from '../../../../../cluster/providers/kubernetes/kubernetes-cluster.ts';

type Condition = 'runs' | 'crashes';

/** A shard none of whose members is ready; gives the names of what is deleted. */
async function deletedOf(...conditions: readonly Condition[]): Promise<string[]> {
  const labels = { 'vase/shard': '1', 'app.kubernetes.io/component': 'etcd' };
  let pods = conditions.map((condition, index) => ({
    kind: 'Pod',
    metadata: { name: `etcd-1-${index}`, uid: `${index}`, labels },
    status: { phase: 'Running', containerStatuses: [container(condition)] },
  }));
  const set = { kind: 'StatefulSet', metadata: { name: 'etcd-1', labels }, status: { readyReplicas: 0 } };
  const deleted: string[] = [];
  const client = {
    list: async ({ kind }: { kind: string }) => (kind === 'Pod' ? pods : kind === 'StatefulSet' ? [set] : []),
    delete: async ({ name }: { name: string }) => {
      deleted.push(name);
      pods = pods.filter(({ metadata }) => metadata.name !== name);
      return true;
    },
  } as unknown as KubernetesClient;
  const cluster = { client, instance: 'vase' } as unknown as KubernetesCluster;
  expect(await clearBroken(cluster, new AbortController().signal)).toEqual(deleted);
  return deleted;
}

function container(condition: Condition) {
  const terminated = { exitCode: 2, finishedAt: new Date().toISOString() };
  return condition === 'runs'
    ? { name: 'etcd', restartCount: 0, state: { running: { startedAt: '' } } }
    : {
        name: 'etcd',
        restartCount: 3,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated },
      };
}

test('a shard of which no member runs is made anew', async () => {
  expect(await deletedOf('crashes', 'crashes', 'crashes')).toEqual([
    'etcd-1',
    'etcd-1-0',
    'etcd-1-1',
    'etcd-1-2',
  ]);
});

test('where a member runs, though it is not ready, the others alone start again', async () => {
  expect(await deletedOf('crashes', 'crashes', 'runs')).toEqual(['etcd-1-0', 'etcd-1-1']);
});

test('what only is not ready yet is left alone', async () => {
  expect(await deletedOf('runs', 'runs', 'runs')).toEqual([]);
});
