import { expect, test } from 'vitest';
import type { ApiObject } from '../../../../../cluster/kubernetes/kubernetes-objects.ts';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import { overlays } from '../../../../../cluster/manifests/overlay.ts';
import { KubernetesFleet } from '../../../../../cluster/providers/kubernetes/kubernetes-fleet.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';

test('where members speak TLS a shard is refused at once, and nothing of it is made', async () => {
  const client = new Proxy({} as KubernetesClient, {
    get: () => () => Promise.reject(new Error('Kubernetes was asked')),
  });
  const blueprint = { topology: parseTopology({}), overlay: overlays.gke };
  const members = { call: () => Promise.reject(new Error('a member was asked')) };
  const fleet = new KubernetesFleet({ client, blueprint, members });
  const { signal } = new AbortController();
  await expect(fleet.createShard(4, { signal, report: () => undefined })).rejects.toMatchObject({
    name: 'RefusedError',
    code: 'no-certificates',
    message: expect.stringContaining('shard 4 cannot be made'),
  });
});

test('a new shard has as many members as the others have by now, and the number of the topology where they differ', async () => {
  const { signal } = new AbortController();
  const replicasOf = async (sizes: Record<number, number>, id: number) => {
    const sets = Object.entries(sizes).map(([shard, replicas]) => ({
      metadata: { name: `etcd-${shard}`, labels: { 'vase/shard': shard } },
      spec: { replicas },
    }));
    const applied: ApiObject[] = [];
    const client = {
      list: async ({ kind }: { kind: string }) => (kind === 'StatefulSet' ? sets : []),
      read: async () => null,
      apply: async (object: ApiObject) => {
        applied.push(object);
        if (object.kind === 'StatefulSet') throw new Error('enough was applied');
        return object;
      },
    } as unknown as KubernetesClient;
    const blueprint = { topology: parseTopology({ members: 3 }), overlay: overlays.kind };
    const members = { call: () => Promise.reject(new Error('a member was asked')) };
    const fleet = new KubernetesFleet({ client, blueprint, members });
    await expect(fleet.createShard(id, { signal, report: () => undefined })).rejects.toThrow('enough');
    const set = applied.find(({ kind }) => kind === 'StatefulSet') as ApiObject & {
      spec: { replicas: number };
    };
    return set.spec.replicas;
  };
  expect(await replicasOf({ 1: 5, 2: 5 }, 3)).toBe(5);
  expect(await replicasOf({ 1: 1, 2: 5 }, 3)).toBe(3);
  expect(await replicasOf({ 1: 2, 2: 2 }, 3)).toBe(3);
  // One that was begun is gone on with as it was.
  expect(await replicasOf({ 1: 5, 2: 5, 3: 1 }, 3)).toBe(1);
});
