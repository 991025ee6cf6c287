import { describe, expect, test } from 'vitest';
import { etcdCapabilities } from '../../../../cluster/manifests/etcd-capabilities.ts';
import { blueprintOf, objectsOf, ofKind } from './rendering.ts';

const digest = `@sha256:${'0'.repeat(64)}`;

describe('what an etcd can do is read from the tag of its image', () => {
  test.each([
    ['vase-etcd:3.4.23', false],
    ['quay.io/coreos/etcd:v3.4.29', true],
    ['registry.k8s.io/etcd:3.5.11-0', false],
    ['registry.k8s.io/etcd:3.5.12-0', true],
    [`registry.k8s.io/etcd:3.5.21-0${digest}`, true],
    ['gcr.io/etcd-development/etcd:v3.6.0', true],
    ['localhost:5000/etcd:3.10.2', true],
    ['localhost:3.5', false],
    ['etcd:latest', false],
    [`etcd${digest}`, false],
  ])('%s has /livez: %s', (image, hasLivez) => {
    expect(etcdCapabilities(image).hasLivez).toBe(hasLivez);
  });

  test('an argument that changed its name with 3.6 is given only where the version is known', () => {
    expect(etcdCapabilities('etcd:3.5.21').initialCorruptCheck).toMatch(/^--experimental/);
    expect(etcdCapabilities('etcd:3.6.4').initialCorruptCheck).toMatch(/^--feature-gates/);
    expect(etcdCapabilities('etcd:latest').initialCorruptCheck).toBeNull();
  });
});

describe('the probes', () => {
  const probesOf = (etcd: string) => {
    const set = ofKind(objectsOf(blueprintOf({ images: { etcd } })), 'StatefulSet')[0]!;
    const { startupProbe, livenessProbe, readinessProbe } = set.spec!.template.spec!.containers[0]!;
    return [startupProbe, livenessProbe, readinessProbe].map((probe) => probe!.httpGet!.path!);
  };
  /** Paths that etcd answers with a linearizable read, which needs a quorum. */
  const needsQuorum = /^\/(readyz|health(?!.*serializable=true))/;

  test.each(['vase-etcd:3.4.23', 'etcd:3.5.21', 'etcd:3.6.4', 'etcd:latest'])(
    'of %s ask for a quorum to be ready, and never to start or to live',
    (image) => {
      const [start, live, ready] = probesOf(image);
      expect(start).not.toMatch(needsQuorum);
      expect(live).not.toMatch(needsQuorum);
      expect(ready).toMatch(needsQuorum);
    },
  );
});
