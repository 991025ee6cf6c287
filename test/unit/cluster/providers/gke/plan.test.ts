// The plan as users see it, held by files beside this test: `vitest run -u` writes them anew when it is to change.
import { beforeEach, expect, test } from 'vitest';
import { ensureResource } from '../../../../../cluster/providers/gke/resources/ensure-resource.ts';
import { gkeBlueprint } from '../../../../../cluster/providers/gke/gke-blueprint.ts';
import { findLeftovers } from '../../../../../cluster/providers/gke/resources/leftovers.ts';
import { allNew, dryRunObjects } from '../../../../../cluster/providers/gke/object-changes.ts';
import { makePlan, planBasis } from '../../../../../cluster/providers/gke/plan.ts';
import { plannedRemovals } from '../../../../../cluster/providers/gke/destroy.ts';
import { ownImage } from '../../../../../cluster/providers/gke/resources/registry-resources.ts';
import { surveyResources } from '../../../../../cluster/providers/gke/resources/survey.ts';
import { type GkeTarget, parseTarget } from '../../../../../cluster/providers/gke/resources/target.ts';
import type { KubernetesClient } from '../../../../../cluster/kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../../../../cluster/kubernetes/kubernetes-objects.ts';
import { buildObjectGroups } from '../../../../../cluster/manifests/object-groups.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';
import { describePlan, describeRemovals } from '../../../../../scripts/terminal/gke-text.ts';
import { publicTarget } from '../../../../support/gke/every-command.ts';
import { RecordedCloud } from '../../../../support/gke/recorded-cloud.ts';

const internal = parseTarget({ project: 'my-project', region: 'europe-west1', name: 'vase' });
const topology = parseTopology({});
const imageTag = '0123456789ab';
let recorded: RecordedCloud;
beforeEach(() => {
  recorded = new RecordedCloud();
});

const objectGroups = (target: GkeTarget) =>
  buildObjectGroups(
    gkeBlueprint(target, { topology, image: `${ownImage(target)}:${imageTag}`, secretsMark: null }),
  );

const plan = (target: GkeTarget) =>
  makePlan(target, {
    topology,
    cloud: recorded.cloud,
    imageTag,
    readObjects: async () => allNew(objectGroups(target)),
  });

async function make(target: GkeTarget, count = Infinity): Promise<void> {
  const { resources } = planBasis(target, topology);
  const ensuring = { target, cloud: recorded.cloud, signal: recorded.interrupt.signal, retryDelayMs: 1 };
  for (const resource of resources.slice(0, count)) await ensureResource(ensuring, resource);
}

test('the plan for a fresh project is as in plan-fresh.txt, and changes nothing', async () => {
  await expect(`${describePlan(await plan(internal))}\n`).toMatchFileSnapshot('plan-fresh.txt');
  expect(recorded.changes()).toEqual([]);
});

test('the plan for a half-created public cluster is as in plan-half.txt, and changes nothing', async () => {
  await make(publicTarget, 6);
  const made = recorded.changes().length;
  await expect(`${describePlan(await plan(publicTarget))}\n`).toMatchFileSnapshot('plan-half.txt');
  expect(recorded.changes()).toHaveLength(made);
});

test('the plan where everything is there creates no resource but the image', async () => {
  await make(internal);
  const { resources } = await plan(internal);
  expect(resources.filter(({ action }) => action !== 'none').map(({ id }) => id)).toEqual(['image']);
});

test('what an API that is off would answer for is not asked for', async () => {
  await plan(internal);
  expect(recorded.commands().filter((line) => line.includes('describe'))).toEqual([]);
});

test('the plan to take a cluster away is as in removal.txt, and changes nothing', async () => {
  await make(internal);
  const made = recorded.changes().length;
  const resources = planBasis(internal, topology).resources;
  const planned = plannedRemovals(await surveyResources(internal, { cloud: recorded.cloud, resources }));
  const leftovers = await findLeftovers(internal, recorded.cloud);
  await expect(`${describeRemovals(internal, { planned, leftovers })}\n`).toMatchFileSnapshot('removal.txt');
  expect(recorded.changes()).toHaveLength(made);
});

test("the dry run of objects says what the server would change, and leaves out what is the server's own", async () => {
  const groups = objectGroups(internal);
  const objects = groups.flatMap((group) => group.objects as ApiObject[]);
  const live = new Map(
    objects.map((object) => [`${object.kind} ${object.metadata.name}`, structuredClone(object)]),
  );
  live.delete('NetworkPolicy etcd-2');
  const set = live.get('StatefulSet etcd-1') as unknown as { spec: { replicas: number }; metadata: object };
  set.spec.replicas = 5;
  Object.assign(set.metadata, { generation: 7, uid: 'u', resourceVersion: '9' });
  const applied: unknown[] = [];
  const client = {
    read: async ({ kind, name }: { kind: string; name: string }) => live.get(`${kind} ${name}`) ?? null,
    apply: async (object: ApiObject, options: object) => {
      applied.push(options);
      return {
        ...object,
        metadata: { ...object.metadata, generation: 8, resourceVersion: '10' },
        status: {},
      };
    },
  } as unknown as KubernetesClient;
  const changes = await dryRunObjects(client, groups, { signal: recorded.interrupt.signal });
  expect(changes.filter(({ kind }) => kind !== 'same')).toEqual([
    { object: 'NetworkPolicy etcd-2', kind: 'create', fields: [] },
    { object: 'StatefulSet etcd-1', kind: 'change', fields: ['spec.replicas: 5 -> 3'] },
  ]);
  expect(applied.every((options) => (options as { dryRun?: boolean }).dryRun === true)).toBe(true);
});
