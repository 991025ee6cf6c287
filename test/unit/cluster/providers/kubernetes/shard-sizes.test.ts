// How many members each shard has by now, and what `up` says where another number is asked for.
import { expect, test } from 'vitest';
import type { ApiObject } from '../../../../../cluster/kubernetes/kubernetes-objects.ts';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import { identityObject, type ShardIdentity } from '../../../../../cluster/manifests/shard-identity.ts';
import type { LiveStatefulSet } from '../../../../../cluster/providers/kubernetes/live-objects.ts';
import { readSizes, refuseOtherSizes } from '../../../../../cluster/providers/kubernetes/shard-sizes.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';

const topology = parseTopology({ shards: 1, members: 1 });
const [zero, one, two] = ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'] as const;

async function sizesOf(identity: ShardIdentity | null, replicas: number) {
  const objects = new Map<string, ApiObject>();
  if (identity !== null) objects.set('etcd-1-identity', identityObject('vase', 1, identity));
  const read = async ({ name }: { name: string }) => objects.get(name) ?? null;
  const client = { read } as unknown as KubernetesClient;
  const set = { metadata: { name: 'etcd-1', labels: { 'vase/shard': '1' } }, spec: { replicas } };
  return readSizes({ client, instance: 'vase' }, topology, [set as unknown as LiveStatefulSet]);
}

test.each<[string, ShardIdentity | null, number, string[], string[]]>([
  ['a shard that has not been formed', null, 1, [zero], [zero]],
  ['one that has grown', { members: [zero, one, two], joining: [] }, 1, [zero, one, two], [zero, one, two]],
  ['a learner without a pod', { members: [zero], joining: [], adding: one }, 1, [zero], [zero]],
  ['a learner', { members: [zero, one], joining: [one], adding: one }, 2, [zero, one], [zero]],
  ['one that leaves', { members: [zero, one], joining: [], leaving: one }, 2, [zero, one], [zero]],
  ['one that has left etcd', { members: [zero], joining: [], leaving: one }, 2, [zero, one], [zero]],
  ['one whose pod is gone', { members: [zero], joining: [], leaving: one }, 1, [zero], [zero]],
])('%s: pods and endpoints', async (_, identity, replicas, names, served) => {
  expect((await sizesOf(identity, replicas)).get(1)).toEqual({ names, served, identity });
});

test('another number than a shard has is refused with what to type, and changes nothing', async () => {
  const grown = await sizesOf({ members: [zero, one, two], joining: [] }, 3);
  refuseOtherSizes(grown, { asked: null, mayChange: true });
  refuseOtherSizes(grown, { asked: 3, mayChange: true });
  const refusal = (asked: number, mayChange: boolean) => {
    try {
      refuseOtherSizes(grown, { asked, mayChange });
      return null;
    } catch (error) {
      const { message, nextStep } = error as Error & { nextStep: string };
      return [message, nextStep];
    }
  };
  expect(refusal(1, true)).toEqual([
    'etcd-1 has 3 members, and `up` does not make them 1',
    expect.stringContaining('`vase member remove etcd-1-2` takes one away'),
  ]);
  expect(refusal(5, true)![1]).toContain('`vase member add etcd-1` adds one');
  expect(refusal(1, false)).toEqual([
    expect.stringContaining(
      'etcd-1 was formed with 3 members (etcd-1-0, etcd-1-1, etcd-1-2), and 1 are asked for',
    ),
    'Ask for the number that it has: `--members 3`.',
  ]);
});
