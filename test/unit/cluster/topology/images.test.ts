// The images of a new cluster, and of one that is there.
import { expect, test } from 'vitest';
import { dataBugsOf, isSound } from '../../../../cluster/etcd/data-bugs.ts';
import { mergeTopologies } from '../../../../cluster/topology/topology-input.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';

const { etcd } = parseTopology({}).images;

test("a new cluster's etcd is named by a digest, and by a release that is supported and has no known fault of data", () => {
  const [, version] = /^registry\.k8s\.io\/etcd:(\d+\.\d+\.\d+)-\d+@sha256:[0-9a-f]{64}$/.exec(etcd)!;
  expect(dataBugsOf(version!)).toEqual([]);
  expect(isSound(version!)).toBe(true);
});

test('a cluster that is there keeps the etcd that is recorded, until it is told another', () => {
  const before = parseTopology({ images: { etcd: 'registry.k8s.io/etcd:3.5.21-0' } });
  // As every provider puts together what an `up` works towards.
  const next = (requested: object) => parseTopology(mergeTopologies(before, requested)).images.etcd;
  expect(next({ sharders: 3 })).toBe('registry.k8s.io/etcd:3.5.21-0');
  expect(next({ images: { etcd } })).toBe(etcd);
});
