import { expect, test } from 'vitest';
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
