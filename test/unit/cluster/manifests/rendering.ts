/** What the manifests' tests share: renderings to look at, and how to find objects in them. */
import fc from 'fast-check';
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.d.ts';
import type { Container, PodSpec, Service } from 'kubernetes-types/core/v1.d.ts';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts';
import { buildObjectGroups } from '../../../../cluster/manifests/object-groups.ts';
import { overlays, type Blueprint, type OverlayName } from '../../../../cluster/manifests/overlay.ts';
import type { KubernetesObject } from '../../../../cluster/manifests/validate-object.ts';
import { parseTopology, type TopologyInput } from '../../../../cluster/topology/topology.ts';

export function blueprintOf(input: TopologyInput = {}, overlay: OverlayName = 'kind'): Blueprint {
  return { topology: parseTopology(input), overlay: overlays[overlay] };
}

export function objectsOf(blueprint: Blueprint): KubernetesObject[] {
  return buildObjectGroups(blueprint).flatMap((group) => group.objects);
}

interface Kinds {
  StatefulSet: StatefulSet;
  Deployment: Deployment;
  Service: Service;
  NetworkPolicy: NetworkPolicy;
}

export function ofKind<K extends keyof Kinds>(objects: readonly KubernetesObject[], kind: K): Kinds[K][] {
  return objects.filter((object) => object.kind === kind) as unknown as Kinds[K][];
}

/** The pod templates of all workloads: labels and spec. */
export function podsOf(
  objects: readonly KubernetesObject[],
): { name: string; labels: Record<string, string>; spec: PodSpec }[] {
  return [...ofKind(objects, 'StatefulSet'), ...ofKind(objects, 'Deployment')].map((workload) => ({
    name: workload.metadata!.name!,
    labels: workload.spec!.template.metadata!.labels!,
    spec: workload.spec!.template.spec!,
  }));
}

export function containersOf(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers];
}

/** The values of arguments such as "--name=value", by flag. */
export function argumentsOf(args: readonly string[]): Map<string, string> {
  return new Map(args.map((argument) => argument.split(/=(.*)/s, 2) as [string, string]));
}

/** Blueprints all over the range of what a topology and an overlay may say. */
const anyBlueprint: fc.Arbitrary<Blueprint> = fc
  .record({
    overlay: fc.constantFrom<OverlayName>('kind', 'gke'),
    topology: fc.record({
      name: fc.stringMatching(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/),
      shards: fc.integer({ min: 1, max: 12 }),
      firstShard: fc.integer({ min: 1, max: 2000 }),
      members: fc.constantFrom(1, 3, 5),
      sharders: fc.integer({ min: 1, max: 100 }),
      tls: fc.constantFrom(true, false, null),
      resources: fc.record({
        etcd: fc.record({
          cpu: fc.constantFrom('20m', '0.5', '4', null),
          memory: fc.constantFrom('48Mi', '8Gi', null),
        }),
      }),
      images: fc.record({
        etcd: fc.constantFrom('vase-etcd:3.4.23', 'gcr.io/etcd-development/etcd:v3.6.1', 'etcd:latest'),
      }),
    }),
  })
  .map(({ overlay, topology }) => blueprintOf(topology, overlay));

/** Checks something of every rendering; renderings are pure and quick, so a few dozen do. */
export function forEveryRendering(check: (objects: KubernetesObject[], blueprint: Blueprint) => void): void {
  fc.assert(
    fc.property(anyBlueprint, (blueprint) => check(objectsOf(blueprint), blueprint)),
    { numRuns: 40 },
  );
}
