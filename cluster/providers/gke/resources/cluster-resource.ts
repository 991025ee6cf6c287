/**
 * The GKE cluster: regional, private nodes, node auto-provisioning, workload identity, network policies enforced. Accounts
 * that Google's IAM admits reach its control plane over the internet; nothing of it has a key to lose.
 */
import { counted } from '../../steps.ts';
import { apis } from './project-resources.ts';
import { change, type CloudCommand, type CloudResource, look, type ResourceState } from './resource.ts';
import { machineType, type Sizing, systemDiskGiB } from './sizing.ts';
import { type GkeTarget, namesOf } from './target.ts';

const minute = 60_000;
/** A regional cluster takes Google 5 to 15 minutes. */
const clusterTimeoutMs = 40 * minute;

/** What Vase reads of `clusters describe`. */
interface DescribedCluster {
  status?: string;
  statusMessage?: string;
  autoscaling?: {
    enableNodeAutoprovisioning?: boolean;
    resourceLimits?: { resourceType?: string; maximum?: string }[];
  };
  workloadIdentityConfig?: { workloadPool?: string };
  networkConfig?: { datapathProvider?: string };
}

export function clusterResource(target: GkeTarget, sizing: Sizing): CloudResource {
  const { cluster } = namesOf(target);
  const place = [cluster, `--region=${target.region}`, `--project=${target.project}`];
  return {
    id: 'cluster',
    title: `GKE cluster ${cluster} in ${target.region}, private nodes, auto-provisioning up to ${counted(sizing.limits.cores, 'core')}`,
    api: apis.container,
    describe: look('container', 'clusters', 'describe', ...place),
    judge: (description) => judge(target, { sizing, cluster: description as DescribedCluster }),
    create: [
      change(
        clusterTimeoutMs,
        'container',
        'clusters',
        'create',
        ...place,
        ...settings(target),
        ...bounds(sizing),
      ),
    ],
    remove: [change(clusterTimeoutMs, 'container', 'clusters', 'delete', ...place)],
  };
}

function settings(target: GkeTarget): string[] {
  const { network, nodeAccountEmail } = namesOf(target);
  return [
    '--release-channel=regular',
    `--network=${network}`,
    `--subnetwork=${network}`,
    '--enable-ip-alias',
    '--enable-private-nodes',
    // Without this the network policies are not enforced.
    '--enable-dataplane-v2',
    '--enable-l4-ilb-subsetting',
    `--workload-pool=${target.project}.svc.id.goog`,
    '--enable-shielded-nodes',
    '--shielded-secure-boot',
    '--shielded-integrity-monitoring',
    // One in each zone, for GKE's own pods.
    '--num-nodes=1',
    `--machine-type=${machineType}`,
    '--disk-type=pd-balanced',
    `--disk-size=${systemDiskGiB}GB`,
    `--service-account=${nodeAccountEmail}`,
    `--autoprovisioning-service-account=${nodeAccountEmail}`,
    '--enable-autoprovisioning-autorepair',
    '--enable-autoprovisioning-autoupgrade',
    '--addons=HttpLoadBalancing,HorizontalPodAutoscaling,GcePersistentDiskCsiDriver',
    '--logging=SYSTEM,WORKLOAD',
    '--monitoring=SYSTEM',
    `--labels=vase=${target.name}`,
  ];
}

function bounds({ limits }: Sizing): string[] {
  return [
    '--enable-autoprovisioning',
    '--min-cpu=0',
    `--max-cpu=${limits.cores}`,
    '--min-memory=0',
    `--max-memory=${limits.memoryGiB}`,
  ];
}

function judge(target: GkeTarget, found: { sizing: Sizing; cluster: DescribedCluster }): ResourceState {
  const { sizing, cluster } = found;
  const name = `cluster ${target.name}`;
  switch (cluster.status) {
    case 'RUNNING':
      return judgeSettings(target, found);
    case 'PROVISIONING':
    case 'RECONCILING':
    case 'STOPPING':
      return { kind: 'settling', why: `${name} is ${cluster.status.toLowerCase()}` };
    default:
      return {
        kind: 'unfit',
        why: `${name} is ${cluster.status ?? 'in a state that Google does not name'}: ${cluster.statusMessage ?? 'no reason given'}`,
        nextStep: `See \`${['gcloud', ...clusterResource(target, sizing).describe.args].join(' ')}\`; \`make destroy-gke\` takes it away.`,
      };
  }
}

function judgeSettings(
  target: GkeTarget,
  found: { sizing: Sizing; cluster: DescribedCluster },
): ResourceState {
  const { sizing, cluster } = found;
  const lacking = [
    ...(cluster.workloadIdentityConfig?.workloadPool === `${target.project}.svc.id.goog`
      ? []
      : ['workload identity']),
    ...(cluster.networkConfig?.datapathProvider === 'ADVANCED_DATAPATH' ? [] : ['dataplane v2']),
  ];
  if (lacking.length > 0) {
    return {
      kind: 'unfit',
      why: `cluster ${target.name} is there and was not made by Vase: it has no ${lacking.join(' and no ')}`,
      nextStep: 'Give Vase another name, with `name:` in a TOPOLOGY file, or delete that cluster.',
    };
  }
  const limitOf = (type: string) =>
    Number(
      cluster.autoscaling?.resourceLimits?.find(({ resourceType }) => resourceType === type)?.maximum ?? 0,
    );
  const isProvisioned = cluster.autoscaling?.enableNodeAutoprovisioning === true;
  const isEnough = limitOf('cpu') >= sizing.limits.cores && limitOf('memory') >= sizing.limits.memoryGiB;
  if (isProvisioned && isEnough) return { kind: 'there' };
  return {
    kind: 'outdated',
    why: `auto-provisioning ends at ${limitOf('cpu')} cores and ${limitOf('memory')} GiB`,
    update: [updateCommand(target, sizing)],
  };
}

function updateCommand(target: GkeTarget, sizing: Sizing): CloudCommand {
  const { cluster } = namesOf(target);
  const place = [cluster, `--region=${target.region}`, `--project=${target.project}`];
  return change(clusterTimeoutMs, 'container', 'clusters', 'update', ...place, ...bounds(sizing));
}

/** Operations on the cluster that have not ended; prints a list. */
export function listOperations(target: GkeTarget): CloudCommand {
  const { cluster } = namesOf(target);
  return look(
    'container',
    'operations',
    'list',
    `--region=${target.region}`,
    `--project=${target.project}`,
    `--filter=status!=DONE AND targetLink~/clusters/${cluster}$`,
  );
}

export function waitForOperation({ project, region }: GkeTarget, operation: string): CloudCommand {
  return change(
    clusterTimeoutMs,
    'container',
    'operations',
    'wait',
    operation,
    `--region=${region}`,
    `--project=${project}`,
  );
}

/** Writes the cluster's address and the way to log in, no secret, to the file that KUBECONFIG names. */
export function getCredentials(target: GkeTarget): CloudCommand {
  const { cluster } = namesOf(target);
  return change(
    minute,
    'container',
    'clusters',
    'get-credentials',
    cluster,
    `--region=${target.region}`,
    `--project=${target.project}`,
  );
}
