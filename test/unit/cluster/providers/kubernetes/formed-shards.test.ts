// With whom a shard has been formed: noted once, for clusters of before too, and held against what is to be applied.
import { expect, test } from 'vitest';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import { overlays } from '../../../../../cluster/manifests/overlay.ts';
import {
  noteFormed,
  noteFormedBefore,
  readIdentity,
  writeIdentity,
} from '../../../../../cluster/providers/kubernetes/formed-shards.ts';
import { KubernetesFleet } from '../../../../../cluster/providers/kubernetes/kubernetes-fleet.ts';
import type { LiveStatefulSet } from '../../../../../cluster/providers/kubernetes/live-objects.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';
import type { EtcdCaller } from '../../../../../cluster/etcd/etcd-caller.ts';

function newInstance() {
  const objects = new Map<string, object>();
  const client = {
    read: async ({ name }: { name: string }) => objects.get(name) ?? null,
    apply: async (object: { metadata: { name: string } }) => {
      objects.set(object.metadata.name, object);
      return object;
    },
    delete: async ({ name }: { name: string }) => objects.delete(name),
  } as unknown as KubernetesClient;
  return { client, instance: 'vase', objects };
}

const shard = {
  id: 1,
  endpoints: [0, 1, 2].map((ordinal) => `etcd-1-${ordinal}.etcd-1.vase.svc:2379`),
};
const members = ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'];

test('a shard is noted once, with its members, and stays so', async () => {
  const cluster = newInstance();
  expect(await readIdentity(cluster, 1)).toBeNull();
  expect(await noteFormed(cluster, shard)).toBe(true);
  expect(cluster.objects.get('etcd-1-identity')).toMatchObject({
    kind: 'ConfigMap',
    metadata: { namespace: 'vase' },
    data: { state: 'existing', members: members.join(',') },
  });
  const joining = ['etcd-1-2'];
  await writeIdentity(cluster, 1, { members, joining });
  expect(await noteFormed(cluster, { ...shard, endpoints: shard.endpoints.slice(1) })).toBe(false);
  expect(await readIdentity(cluster, 1)).toEqual({ members, joining });
});

test('of a cluster of before, the shards that have a fence are noted with the members that they have', async () => {
  const cluster = newInstance();
  const set = (id: number, replicas: number) =>
    ({ metadata: { name: `etcd-${id}`, labels: { 'vase/shard': `${id}` } }, spec: { replicas } }) as unknown;
  const sets = [set(1, 3), set(2, 1), set(3, 1)] as LiveStatefulSet[];
  // One member of the first shard answers, the second has no fence, the third says nothing.
  const call: EtcdCaller['call'] = async (endpoint) => {
    if (endpoint.startsWith('etcd-1-1')) return reply({ kind: 'range', kvs: [{ value: new Uint8Array() }] });
    if (endpoint.startsWith('etcd-2')) return reply({ kind: 'range', kvs: [] });
    return { kind: 'undelivered', message: 'down' } as never;
  };
  expect(await noteFormedBefore({ ...cluster, members: { call } }, sets)).toBe(true);
  expect([...cluster.objects.keys()]).toEqual(['etcd-1-identity']);
  expect((await readIdentity(cluster, 1))!.members).toEqual(members);
  expect(await noteFormedBefore({ ...cluster, members: { call } }, sets)).toBe(false);
});

test('the view server notes a new shard only when all its members have started', async () => {
  const { client, objects } = newInstance();
  let started = 2;
  const call: EtcdCaller['call'] = async (endpoint) =>
    Number(/^etcd-1-([0-9])/.exec(endpoint)![1]) < started
      ? reply({ kind: 'status', leaderId: '7' })
      : ({ kind: 'undelivered', message: 'down' } as never);
  const blueprint = { topology: parseTopology({}), overlay: overlays.kind };
  const fleet = new KubernetesFleet({ client, blueprint, members: { call } });
  await expect(fleet.noteFormed(shard, true)).rejects.toThrow(
    'a member of etcd-1 has not started yet: etcd-1-2',
  );
  expect(objects.size).toBe(0);
  started = 3;
  await fleet.noteFormed(shard, true);
  expect(objects.has('etcd-1-identity')).toBe(true);
  // One that has its fence has been formed, whoever is there now.
  objects.clear();
  started = 1;
  await fleet.noteFormed(shard, false);
  expect(objects.has('etcd-1-identity')).toBe(true);
});

function reply(content: object): Awaited<ReturnType<EtcdCaller['call']>> {
  return { kind: 'reply', reply: content } as never;
}
