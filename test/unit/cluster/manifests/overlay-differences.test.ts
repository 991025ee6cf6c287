import { describe, expect, test } from 'vitest';
import { allowedDifferences } from '../../../../cluster/manifests/overlay-differences.ts';
import type { KubernetesObject } from '../../../../cluster/manifests/validate-object.ts';
import { parseTopology, type TopologyInput } from '../../../../cluster/topology/topology.ts';
import { overlays } from '../../../../cluster/manifests/overlay.ts';
import { covers, findDifferences, isAllowed } from './object-difference.ts';
import { objectsOf } from './rendering.ts';

const render = (overlay: 'kind' | 'gke', input: TopologyInput = {}) =>
  objectsOf({ topology: parseTopology(input), overlay: overlays[overlay] });

const forbidden = (kind: KubernetesObject[], gke: KubernetesObject[]) =>
  findDifferences(kind, gke).filter((difference) => !isAllowed(difference, allowedDifferences));

describe('the renderings for kind and for GKE', () => {
  test.each<[string, TopologyInput]>([
    ['by default', {}],
    ['with TLS on both', { tls: true }],
    ['with other sizes', { shards: 7, members: 5, sharders: 30, firstShard: 3 }],
  ])('differ only where the allow-list says so, %s', (_title, input) => {
    expect(forbidden(render('kind', input), render('gke', input))).toEqual([]);
  });

  test('differ in no argument, volume or variable but the overlay name, once the topology says whether there is TLS', () => {
    const differences = findDifferences(render('kind', { tls: true }), render('gke', { tls: true }));
    expect(differences.filter(({ path }) => /\.(args|env|volumes)\.(?!VASE_OVERLAY)/.test(path))).toEqual([]);
  });

  test.each<[string, (objects: KubernetesObject[]) => void]>([
    ['spec.replicas', (objects) => setField(objects, 'StatefulSet', ['spec', 'replicas'], 5)],
    ['spec.selector.x', (objects) => setField(objects, 'Service', ['spec', 'selector', 'x'], 'y')],
    ['reclaimPolicy', (objects) => setField(objects, 'StorageClass', ['reclaimPolicy'], 'Delete')],
    ['spec.policyTypes.0', (objects) => setField(objects, 'NetworkPolicy', ['spec', 'policyTypes'], [])],
    [
      'spec.template.spec.containers.etcd.args.--election-timeout',
      (objects) => replaceText(objects, '--election-timeout=1000', '--election-timeout=2000'),
    ],
    ['spec.minReplicas', (objects) => removeKind(objects, 'HorizontalPodAutoscaler')],
  ])('are refused when they differ in %s too', (path, change) => {
    const gke = structuredClone(render('gke'));
    change(gke);
    expect(forbidden(render('kind'), gke).map((difference) => difference.path)).toContain(path);
  });

  test('have an allow-list without idle entries, but for those about images, which this topology shares', () => {
    const differences = findDifferences(render('kind'), render('gke'));
    const idle = allowedDifferences.filter((entry) => !differences.some((found) => covers(entry, found)));
    expect(idle.filter(({ path }) => !/\.(image|VASE_TOPOLOGY)$/.test(path))).toEqual([]);
  });
});

function setField(objects: KubernetesObject[], kind: string, path: string[], value: unknown): void {
  let target = objects.find((object) => object.kind === kind) as unknown as Record<string, unknown>;
  for (const field of path.slice(0, -1)) target = target[field] as Record<string, unknown>;
  target[path.at(-1)!] = value;
}

function removeKind(objects: KubernetesObject[], kind: string): void {
  objects.splice(
    objects.findIndex((object) => object.kind === kind),
    1,
  );
}

function replaceText(objects: KubernetesObject[], from: string, to: string): void {
  const changed = JSON.stringify(objects).replaceAll(from, to);
  objects.splice(0, objects.length, ...(JSON.parse(changed) as KubernetesObject[]));
}
