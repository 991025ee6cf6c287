import { describe, expect, test } from 'vitest';
import { ClusterError } from '../../../../../cluster/errors.ts';
import { destroySteps, type Destroying } from '../../../../../cluster/providers/gke/destroy.ts';
import { ensureResource } from '../../../../../cluster/providers/gke/resources/ensure-resource.ts';
import { gkeFiles } from '../../../../../cluster/providers/gke/gke-files.ts';
import { planBasis } from '../../../../../cluster/providers/gke/plan.ts';
import { checkQuota, preflightSteps } from '../../../../../cluster/providers/gke/preflight.ts';
import type { CloudResource } from '../../../../../cluster/providers/gke/resources/resource.ts';
import { type GkeTarget, parseTarget } from '../../../../../cluster/providers/gke/resources/target.ts';
import { parseTopology } from '../../../../../cluster/topology/topology.ts';
import { everyCommand, publicTarget } from '../../../../support/gke/every-command.ts';
import { RecordedCloud } from '../../../../support/gke/recorded-cloud.ts';

const internal = parseTarget({ project: 'my-project', region: 'europe-west1', name: 'vase' });
const topology = parseTopology({});

async function makeAll(recorded: RecordedCloud, target: GkeTarget = internal): Promise<string[]> {
  const outcomes: string[] = [];
  for (const resource of planBasis(target, topology).resources) {
    outcomes.push(await ensureResource(ensuring(recorded, target), resource));
  }
  return outcomes;
}

const ensuring = (recorded: RecordedCloud, target: GkeTarget = internal) => ({
  target,
  cloud: recorded.cloud,
  signal: recorded.interrupt.signal,
  retryDelayMs: 1,
});

async function removeAll(recorded: RecordedCloud): Promise<Destroying> {
  const files = gkeFiles(recorded.files.folder);
  const destroying: Destroying = { ...ensuring(recorded, publicTarget), files, leftovers: [] };
  for (const step of destroySteps(planBasis(publicTarget, topology).resources))
    await step.run(destroying, () => undefined);
  return destroying;
}

/** The verbs and first names of command lines: enough to see an order. */
const short = (lines: string[]) =>
  lines.map((line) =>
    line
      .split(' ')
      .filter((word) => !word.startsWith('--'))
      .slice(1, 5)
      .join(' '),
  );
const resource = (id: string): CloudResource =>
  planBasis(internal, topology).resources.find((candidate) => candidate.id === id)!;

describe('making the resources', () => {
  test('of a fresh project makes each, in order, once', async () => {
    const recorded = new RecordedCloud();
    expect(new Set(await makeAll(recorded))).toEqual(new Set(['created']));
    expect(short(recorded.changes())).toEqual([
      'services enable iam.googleapis.com compute.googleapis.com',
      'compute networks create vase-europe-west1',
      'compute networks subnets create',
      'iam service-accounts create vase-nodes-395e55',
      'projects add-iam-policy-binding my-project',
      'artifacts repositories create vase',
      'artifacts repositories add-iam-policy-binding vase',
      'artifacts repositories create vase-mirror',
      'artifacts repositories add-iam-policy-binding vase-mirror',
      'container clusters create vase',
    ]);
  });

  test('where everything is there makes nothing', async () => {
    const recorded = new RecordedCloud();
    await makeAll(recorded, publicTarget);
    const before = recorded.changes().length;
    expect(new Set(await makeAll(recorded, publicTarget))).toEqual(new Set(['there']));
    expect(recorded.changes()).toHaveLength(before);
  });

  test('after a failure in the middle goes on with what is missing', async () => {
    const recorded = new RecordedCloud();
    recorded.fail('clusters create', "Quota 'CPUS' exceeded. Limit: 8.0 in region europe-west1.");
    await expect(makeAll(recorded)).rejects.toThrow(/for want of quota: Quota 'CPUS' exceeded/);
    const made = recorded.changes().length;
    const outcomes = await makeAll(recorded);
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    expect(short(recorded.changes().slice(made))).toEqual(['container clusters create vase']);
  });

  test('interrupted at any command, the next run ends with the same and repeats no create that succeeded', async () => {
    const whole = new RecordedCloud();
    await makeAll(whole);
    const creates = whole.changes();
    for (const [index] of whole.commands().entries()) {
      const recorded = new RecordedCloud();
      let left = index;
      recorded.onCommand = () => {
        if (left-- === 0) recorded.interrupt.abort(new ClusterError('interrupted'));
      };
      await expect(makeAll(recorded)).rejects.toThrow('interrupted');
      const again = new RecordedCloud();
      again.set({ there: recorded.there });
      await makeAll(again);
      expect(again.there.toSorted()).toEqual(whole.there.toSorted());
      expect([...recorded.changes(), ...again.changes()]).toEqual(creates);
    }
  });

  test('waits for an operation that an interrupted run has left, instead of starting another', async () => {
    const recorded = new RecordedCloud();
    await makeAll(recorded);
    recorded.set({ cluster: { status: 'PROVISIONING' } });
    const before = recorded.changes().length;
    expect(await ensureResource(ensuring(recorded), resource('cluster'))).toBe('there');
    expect(short(recorded.changes().slice(before))).toEqual(['container operations wait operation-1']);
  });

  test('raises the bounds of auto-provisioning where they have become too low', async () => {
    const recorded = new RecordedCloud();
    await makeAll(recorded);
    recorded.set({ cluster: { autoscaling: { enableNodeAutoprovisioning: true, resourceLimits: [] } } });
    expect(await ensureResource(ensuring(recorded), resource('cluster'))).toMatch(
      /^updated, .* ends at 0 cores/,
    );
    expect(short(recorded.changes().slice(-1))).toEqual(['container clusters update vase']);
  });

  test.each([
    [
      'made by somebody else',
      { workloadIdentityConfig: {} },
      /was not made by Vase: it has no workload identity/,
    ],
    ['broken', { status: 'ERROR', statusMessage: 'no addresses left' }, /is ERROR: no addresses left/],
  ])('refuses a cluster that is %s', async (_title, cluster, message) => {
    const recorded = new RecordedCloud();
    await makeAll(recorded);
    recorded.set({ cluster });
    await expect(ensureResource(ensuring(recorded), resource('cluster'))).rejects.toThrow(message);
  });

  test('tries again while a new account or an API is not known everywhere', async () => {
    const recorded = new RecordedCloud();
    recorded.fail(
      'projects add-iam-policy-binding',
      'INVALID_ARGUMENT: Service account vase-nodes does not exist.',
      3,
    );
    await makeAll(recorded);
    expect(recorded.changes().filter((line) => line.includes('projects add-iam'))).toHaveLength(4);
  });
});

describe('taking a cluster away', () => {
  test('goes in the reverse order, and a second time finds nothing to do', async () => {
    const recorded = new RecordedCloud();
    await makeAll(recorded, publicTarget);
    // Without Kubernetes here, the cluster counts as one that does not run; with it: test/e2e.
    recorded.set({ cluster: { status: 'ERROR' } });
    const before = recorded.changes().length;
    await removeAll(recorded);
    expect(short(recorded.changes().slice(before))).toEqual([
      'container clusters delete vase',
      'compute addresses delete vase-endpoint',
      'artifacts repositories delete vase-mirror',
      'artifacts repositories delete vase',
      'projects remove-iam-policy-binding my-project',
      'iam service-accounts delete vase-nodes-395e55@my-project.iam.gserviceaccount.com',
      'compute networks subnets delete',
      'compute networks delete vase-europe-west1',
    ]);
    const after = recorded.changes().length;
    await removeAll(recorded);
    expect(recorded.changes()).toHaveLength(after);
  });

  test("reports disks that stay, this cluster's alone", async () => {
    const recorded = new RecordedCloud();
    const disk = (name: string, namespace: string) => ({
      name,
      zone: 'https://compute.googleapis.com/zones/europe-west1-c',
      type: 'https://compute.googleapis.com/diskTypes/pd-ssd',
      sizeGb: '10',
      description: JSON.stringify({
        'kubernetes.io/created-for/pvc/name': 'data-etcd-1-0',
        'kubernetes.io/created-for/pvc/namespace': namespace,
      }),
    });
    recorded.set({
      disks: [disk('pvc-1', 'vase'), disk('pvc-2', 'shop'), { name: 'boot', description: 'a machine' }],
    });
    const { leftovers } = await removeAll(recorded);
    expect(leftovers).toMatchObject([
      {
        kind: 'disk',
        name: 'pvc-1',
        detail: '10 GiB pd-ssd in europe-west1-c, data-etcd-1-0',
        remove: 'gcloud compute disks delete pvc-1 --zone=europe-west1-c --project=my-project',
      },
    ]);
  });
});

describe('the preflight', () => {
  const preflight = async (recorded: RecordedCloud, target = internal) => {
    for (const step of preflightSteps(target, recorded.cloud).slice(1))
      await step.run(undefined, () => undefined);
  };

  test('says that nobody is logged in', async () => {
    const recorded = new RecordedCloud();
    recorded.set({ account: null });
    await expect(preflight(recorded)).rejects.toThrow('gcloud is not logged in');
  });

  test('says that the project is not to be seen', async () => {
    const target = parseTarget({ project: 'your-project', region: 'europe-west1', name: 'vase' });
    await expect(preflight(new RecordedCloud(), target)).rejects.toThrow(
      /no project your-project that somebody@example.com can see/,
    );
  });

  test('goes on when it is not allowed to see who pays', async () => {
    const recorded = new RecordedCloud();
    recorded.fail('billing projects describe', 'PERMISSION_DENIED: The caller does not have permission');
    await expect(preflight(recorded)).resolves.toBeUndefined();
  });

  test('names the quota, what is free and what is needed', async () => {
    const recorded = new RecordedCloud();
    recorded.set({ quotas: [{ metric: 'SSD_TOTAL_GB', limit: 100, usage: 60 }] });
    const { sizing } = planBasis(internal, topology);
    await expect(checkQuota(internal, { cloud: recorded.cloud, sizing })).rejects.toThrow(
      /quota SSD_TOTAL_GB in europe-west1 has room for 40 more GB of SSD disks, and 180 are needed/,
    );
  });
});

test("every command that the flow issues is one that the test with gcloud's own parser knows", async () => {
  const recorded = new RecordedCloud();
  await makeAll(recorded, publicTarget);
  recorded.set({ cluster: { status: 'RECONCILING' } });
  await ensureResource(ensuring(recorded, publicTarget), resource('cluster'));
  recorded.set({ cluster: { status: 'ERROR' } });
  await removeAll(recorded);
  const known = new Set(everyCommand(publicTarget).map((args) => ['gcloud', ...args].join(' ')));
  expect(recorded.commands().length).toBeGreaterThan(30);
  expect(recorded.commands().filter((line) => !known.has(line))).toEqual([]);
});
