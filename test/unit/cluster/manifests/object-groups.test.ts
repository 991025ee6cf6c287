import type { PolicyRule } from 'kubernetes-types/rbac/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { secretsIn } from '../../../../cluster/image/find-secrets.ts';
import { buildObjectGroups } from '../../../../cluster/manifests/object-groups.ts';
import { shardIds } from '../../../../cluster/topology/topology.ts';
import { blueprintOf, containersOf, forEveryRendering, objectsOf, ofKind, podsOf } from './rendering.ts';

interface LabelSelector {
  matchLabels: Record<string, string>;
}

/** Every selector in an object, wherever it is: of services, workloads, budgets, policies, affinities, spreads. */
function selectorsIn(value: unknown): Record<string, string>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = 'matchLabels' in value ? [(value as LabelSelector).matchLabels] : [];
  const ofService =
    'selector' in value && !('matchLabels' in (value.selector as object)) ? [value.selector] : [];
  return [...own, ...(ofService as Record<string, string>[]), ...Object.values(value).flatMap(selectorsIn)];
}

function selects(selector: Record<string, string>, labels: Record<string, string>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

describe('the objects of any topology and overlay', () => {
  test('are one StatefulSet, two services, a budget and a policy for each shard, all with names of their own', () => {
    forEveryRendering((objects, { topology }) => {
      const names = objects.map((object) => `${object.kind} ${object.metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      for (const shard of shardIds(topology)) {
        expect(names).toEqual(
          expect.arrayContaining([
            `StatefulSet etcd-${shard}`,
            `Service etcd-${shard}`,
            `Service etcd-client-${shard}`,
            `PodDisruptionBudget etcd-${shard}`,
            `NetworkPolicy etcd-${shard}`,
          ]),
        );
      }
      expect(names).toEqual(
        expect.arrayContaining([
          'Deployment sharder',
          'Service sharder-endpoint',
          'HorizontalPodAutoscaler sharder',
          'PodDisruptionBudget sharder',
        ]),
      );
    });
  });

  test('lie in the namespace of the topology, which comes first', () => {
    forEveryRendering((objects, { topology }) => {
      const [namespace, ...others] = objects;
      expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: topology.name } });
      for (const object of others.filter(({ kind }) => kind !== 'StorageClass')) {
        expect(object.metadata.namespace).toBe(topology.name);
      }
    });
  });

  test('select pods that exist: no selector is without a match', () => {
    forEveryRendering((objects) => {
      const pods = podsOf(objects);
      for (const selector of objects.flatMap(selectorsIn)) {
        expect(pods.some(({ labels }) => selects(selector, labels))).toBe(true);
      }
    });
  });

  test('keep shards apart: what selects a shard by its services selects no other pod', () => {
    forEveryRendering((objects) => {
      const pods = podsOf(objects);
      for (const service of ofKind(objects, 'Service')) {
        const matching = pods.filter(({ labels }) => selects(service.spec!.selector!, labels));
        expect(matching.map(({ name }) => name)).toEqual([
          service.metadata!.name!.replace(/-client|-endpoint/, ''),
        ]);
      }
    });
  });

  test('expose etcd to nobody outside: only sharder-endpoint, and on kind the view server, leave the cluster', () => {
    forEveryRendering((objects, { overlay }) => {
      const outside = ofKind(objects, 'Service').filter(
        ({ spec }) => spec!.type !== undefined && spec!.type !== 'ClusterIP',
      );
      expect(outside.map(({ metadata }) => metadata!.name)).toEqual([
        'sharder-endpoint',
        ...(overlay.name === 'kind' ? ['view-server'] : []),
      ]);
    });
  });

  test('run without root, privileges, a writable root or a shell, and all but the view server without a token', () => {
    forEveryRendering((objects) => {
      for (const { name, spec } of podsOf(objects)) {
        expect(spec.automountServiceAccountToken).toBe(name === 'view-server');
        expect(spec.enableServiceLinks).toBe(false);
        expect(spec.securityContext).toMatchObject({
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        for (const container of containersOf(spec)) {
          expect(container.securityContext).toMatchObject({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          expect(container.command![0]).not.toMatch(/sh$/);
          expect(container.resources!.requests).toMatchObject({
            cpu: expect.any(String) as string,
            memory: expect.any(String) as string,
          });
        }
      }
    });
  });

  test('run nothing as root, but for the container that opens folders of kind nodes', () => {
    forEveryRendering((objects, { overlay }) => {
      const asRoot = podsOf(objects).flatMap(({ spec }) =>
        containersOf(spec).filter(({ securityContext }) => securityContext!.runAsUser === 0),
      );
      expect(new Set(asRoot.map(({ name }) => name))).toEqual(
        new Set(overlay.name === 'kind' ? ['open-volume'] : []),
      );
    });
  });

  test('never ask for more than their limits', () => {
    const blueprint = blueprintOf({ resources: { etcd: { cpu: '20m', memory: '48Mi' } } }, 'gke');
    const [etcd] = ofKind(objectsOf(blueprint), 'StatefulSet')[0]!.spec!.template.spec!.containers;
    expect(etcd!.resources).toEqual({
      limits: { cpu: '20m', memory: '48Mi' },
      requests: { cpu: '20m', memory: '48Mi' },
    });
  });

  test('hold no secret material, with or without TLS', () => {
    forEveryRendering((objects) => {
      expect(objects.map(({ kind }) => kind)).not.toContain('Secret');
      expect(secretsIn(JSON.stringify(objects))).toEqual([]);
    });
  });
});

describe('images', () => {
  test('are all settable: with other names in the topology, none of the defaults is left', () => {
    const images = { etcd: 'one.test/etcd:3.5.21', vase: 'two.test/vase:1', base: 'three.test/node:24' };
    for (const overlay of ['kind', 'gke'] as const) {
      const used = podsOf(objectsOf(blueprintOf({ images }, overlay))).flatMap(({ spec }) =>
        containersOf(spec).map(({ image }) => image!),
      );
      expect(used.filter((image) => !Object.values(images).includes(image))).toEqual([]);
      expect(used).toEqual(expect.arrayContaining([images.etcd, images.vase]));
    }
  });

  test('of others are pinned by digest', () => {
    const { images } = blueprintOf().topology;
    expect(images.etcd).toMatch(/@sha256:[0-9a-f]{64}$/);
    expect(images.base).toMatch(/@sha256:[0-9a-f]{64}$/);
  });
});

describe('the sharders', () => {
  const sharder = (input = {}) => ofKind(objectsOf(blueprintOf(input)), 'Deployment')[0]!;

  test('have no number of replicas in the Deployment, so that applying it again leaves the autoscaler its choice', () => {
    expect(sharder({ sharders: 7 }).spec).not.toHaveProperty('replicas');
  });

  test('get the members of the home shard, the first one, and the limits that etcd has', () => {
    const { env } = sharder({ firstShard: 4, shards: 2, name: 'abc', etcd: { maxTxnOps: 512 } }).spec!
      .template.spec!.containers[0]!;
    const value = (name: string) => env!.find((variable) => variable.name === name)?.value;
    const reference = env!.find(({ name }) => name === 'VASE_HOME')!.valueFrom!.configMapKeyRef;
    expect(reference).toEqual({ name: 'shard-addresses', key: 'home' });
    expect(value('VASE_MAX_TXN_OPS')).toBe('512');
    expect(value('VASE_QUOTA_BYTES')).toMatch(/^\d+$/);
    expect(value('VASE_PORT')).toBe('5000');
    expect(value('VASE_ADMIN_PORT')).toBe('9090');
    expect(value('VASE_HOSTS')).toBe(
      'sharder-endpoint,sharder-endpoint.abc,sharder-endpoint.abc.svc,sharder-endpoint.abc.svc.cluster.local',
    );
  });

  test('are scaled between what the topology asks for and its maximum, never a maximum below the minimum', () => {
    for (const [sharders, shardersMax] of [
      [2, 30],
      [40, 30],
    ] as const) {
      const objects = objectsOf(blueprintOf({ sharders, autoscaling: { shardersMax } }));
      expect(objects.find(({ kind }) => kind === 'HorizontalPodAutoscaler')!.spec).toMatchObject({
        minReplicas: sharders,
        maxReplicas: Math.max(sharders, shardersMax),
      });
    }
  });
});

test('groups come in the order of applying, one for each shard', () => {
  const names = buildObjectGroups(blueprintOf({ shards: 2, firstShard: 9 })).map(({ name }) => name);
  expect(names).toEqual(['namespace', 'storage', 'network', 'etcd-9', 'etcd-10', 'sharder', 'view-server']);
});

test('a topology without view servers has none of their objects', () => {
  const objects = objectsOf(blueprintOf({ viewServers: 0 }));
  expect(objects.filter(({ metadata }) => metadata.name === 'view-server')).toEqual([]);
});

test('the role of the view server is for its own namespace, and lets it read no secret', () => {
  const objects = objectsOf(blueprintOf());
  expect(objects.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
  const role = objects.find(({ kind }) => kind === 'Role') as unknown as { rules: PolicyRule[] };
  const named = role.rules.flatMap(({ resources }) => resources ?? []);
  expect(named).toContain('statefulsets');
  for (const resource of ['secrets', 'roles', 'pods/exec', '*']) expect(named).not.toContain(resource);
  // With whom shards have been formed; it may not look for others' by a list.
  const maps = role.rules.find(({ resources }) => resources?.includes('configmaps'))!;
  expect(maps.verbs.toSorted()).toEqual(['create', 'delete', 'get', 'patch']);
  expect(role.rules.flatMap(({ verbs }) => verbs)).not.toContain('*');
  const scaled = role.rules.filter(({ resources }) => resources?.some((name) => name.includes('/')));
  for (const { resourceNames } of scaled) expect(resourceNames).toEqual(['sharder']);
});
