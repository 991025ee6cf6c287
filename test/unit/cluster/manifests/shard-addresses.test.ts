import { expect, test } from 'vitest';
import { blueprintOf, objectsOf } from './rendering.ts';

const dataOf = (objects: ReturnType<typeof objectsOf>, name: string) =>
  objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data;

test('sharders and view servers find the home shard, its members as the view names them, and the other shards', () => {
  const objects = objectsOf(blueprintOf({ firstShard: 4, shards: 3, members: 1, name: 'abc' }));
  expect(dataOf(objects, 'shard-addresses')).toEqual({
    home: 'etcd-4-0.etcd-4.abc.svc:2379',
    mirrors: 'etcd-5-0.etcd-5.abc.svc:2379;etcd-6-0.etcd-6.abc.svc:2379',
  });
  expect(dataOf(objectsOf(blueprintOf({ shards: 1, members: 1 })), 'shard-addresses')).toEqual({
    home: 'etcd-1-0.etcd-1.vase.svc:2379',
  });
});

test('a shard of another number differs in its number and its addresses alone: no pod starts anew for it', () => {
  const names = ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'];
  const served = names.slice(0, 2);
  const before = blueprintOf({ shards: 2, members: 1 });
  const after = { ...before, members: new Map([[1, { names, served }]]) };
  const [was, is] = [objectsOf(before), objectsOf(after)];
  const different = is.filter((object, index) => JSON.stringify(object) !== JSON.stringify(was[index]));
  expect(different.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'ConfigMap etcd-1-initial-cluster',
    'StatefulSet etcd-1',
    'ConfigMap shard-addresses',
  ]);
  const set = different[1]!.spec as { replicas: number };
  const old = was.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'etcd-1')!.spec;
  expect(set).toEqual({ ...(old as object), replicas: 3 });
  expect(dataOf(is, 'etcd-1-initial-cluster')).toEqual({
    'initial-cluster': names.map((name) => `${name}=http://${name}.etcd-1.vase.svc:2380`).join(','),
  });
  expect(dataOf(is, 'shard-addresses')!['home']).toBe(
    'etcd-1-0.etcd-1.vase.svc:2379,etcd-1-1.etcd-1.vase.svc:2379',
  );
});

test('the objects are the same as those of a topology that has this number', () => {
  const names = ['etcd-1-0', 'etcd-1-1', 'etcd-1-2'];
  const grown = {
    ...blueprintOf({ shards: 1, members: 1 }),
    members: new Map([[1, { names, served: names }]]),
  };
  const made = blueprintOf({ shards: 1, members: 3 });
  const text = (blueprint: typeof made) =>
    objectsOf(blueprint).map((object) =>
      JSON.stringify(object).replaceAll('\\"members\\":3', '\\"members\\":1'),
    );
  expect(text(grown)).toEqual(text(made));
});
