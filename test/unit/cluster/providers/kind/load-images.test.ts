import { expect, test } from 'vitest';
import { fullName, hasImage } from '../../../../../cluster/providers/kind/load-images.ts';

test.each([
  ['vase:1', 'docker.io/library/vase:1'],
  ['vase', 'docker.io/library/vase:latest'],
  ['kindest/node:v1.35.0', 'docker.io/kindest/node:v1.35.0'],
  ['registry.k8s.io/etcd:3.5', 'registry.k8s.io/etcd:3.5'],
  ['localhost:5001/vase:2', 'localhost:5001/vase:2'],
  ['localhost/vase', 'localhost/vase:latest'],
  ['registry.k8s.io/etcd:3.5@sha256:ab', 'registry.k8s.io/etcd@sha256:ab'],
  ['node:24-slim@sha256:ab', 'docker.io/library/node@sha256:ab'],
])('%s is %s to containerd', (image, name) => {
  expect(fullName(image)).toBe(name);
});

const list = `REF                        TYPE       DIGEST        SIZE
docker.io/library/vase:1   application/x sha256:manifest 10.0 MiB
sha256:config              application/x sha256:manifest 10.0 MiB
docker.io/library/vase:2   application/x sha256:other    10.0 MiB
`;

test('a node has an image when the name leads to what Docker has under it', () => {
  expect(hasImage(list, 'vase:1', 'sha256:config')).toBe(true);
  expect(hasImage(list, 'vase:1', 'sha256:manifest')).toBe(true);
  expect(hasImage(list, 'vase:1', null)).toBe(true);
});

test('a node that has an older image under the name, or none, does not have it', () => {
  expect(hasImage(list, 'vase:2', 'sha256:config')).toBe(false);
  expect(hasImage(list, 'vase:3', null)).toBe(false);
});
