/**
 * What must be true before anything is made: gcloud and its plugin are installed, an account is logged in, the project is
 * the right one and can pay, and its quota has room. The preflight changes nothing; the first fault ends it.
 */
import { ClusterError } from '../../errors.ts';
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';
import type { Step } from '../steps.ts';
import type { Cloud } from './resources/cloud.ts';
import { CloudError } from './resources/cloud-errors.ts';
import { type CloudCommand, look } from './resources/resource.ts';
import type { Sizing } from './resources/sizing.ts';
import type { GkeTarget } from './resources/target.ts';

const pluginTimeoutMs = 30_000;

export const preflightCommands = {
  version: () => look('version'),
  accounts: () => look('auth', 'list', '--filter=status:ACTIVE'),
  project: ({ project }: GkeTarget) => look('projects', 'describe', project),
  billing: ({ project }: GkeTarget) => look('billing', 'projects', 'describe', project),
  region: ({ project, region }: GkeTarget) =>
    look('compute', 'regions', 'describe', region, `--project=${project}`),
};

export function preflightSteps(target: GkeTarget, cloud: Cloud): Step<void>[] {
  return [
    { title: 'Look for gcloud and its plugin', run: () => checkTools(cloud) },
    { title: `Look at the account and project ${target.project}`, run: () => checkProject(target, cloud) },
  ];
}

async function checkTools(cloud: Cloud): Promise<string> {
  const versions = (await cloud.look(preflightCommands.version())) as Record<string, string> | null;
  const version = versions?.['Google Cloud SDK'] ?? 'of an unknown version';
  try {
    await runCommand('gke-gcloud-auth-plugin', ['--version'], { timeoutMs: pluginTimeoutMs });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new ClusterError(
      'gke-gcloud-auth-plugin is not installed: without it nobody gets into the cluster',
      {
        nextStep:
          'Run `gcloud components install gke-gcloud-auth-plugin`, or install the package google-cloud-cli-gke-gcloud-auth-plugin.',
        cause: error,
      },
    );
  }
  return `gcloud ${version}`;
}

async function checkProject(target: GkeTarget, cloud: Cloud): Promise<string> {
  const accounts = (await cloud.look(preflightCommands.accounts())) as { account?: string }[] | null;
  const account = accounts?.[0]?.account;
  if (account === undefined) {
    throw new ClusterError('gcloud is not logged in', {
      nextStep: 'Run `gcloud auth login`. No service-account key is needed.',
    });
  }
  await checkActive(target, { cloud, account });
  return `${account}${await billingNote(target, cloud)}`;
}

async function checkActive(target: GkeTarget, known: { cloud: Cloud; account: string }): Promise<void> {
  const wrong = (problem: string, cause?: unknown) =>
    new ClusterError(problem, {
      nextStep: 'See `gcloud projects list` for the ids, and `gcloud auth list` for the accounts.',
      cause,
    });
  const project = (await lookOr(known.cloud, preflightCommands.project(target), (error) => {
    // Google does not say whether the project is missing or hidden from the account.
    throw wrong(`there is no project ${target.project} that ${known.account} can see`, error);
  })) as { lifecycleState?: string } | null;
  if (project === null) throw wrong(`there is no project ${target.project} that ${known.account} can see`);
  if (project.lifecycleState !== 'ACTIVE') {
    throw wrong(`project ${target.project} is ${project.lifecycleState ?? 'not active'}`);
  }
}

/** Not every account that may make a cluster may see who pays for it. */
async function billingNote(target: GkeTarget, cloud: Cloud): Promise<string> {
  const billing = (await lookOr(cloud, preflightCommands.billing(target), () => null)) as {
    billingEnabled?: boolean;
  } | null;
  if (billing === null) return ', billing not visible to this account';
  if (billing.billingEnabled === true) return '';
  throw new ClusterError(`project ${target.project} has no billing account`, {
    nextStep: `Link one: https://console.cloud.google.com/billing/linkedaccount?project=${target.project}`,
  });
}

/** For look-ups where the caller can continue after an answer such as "forbidden". */
async function lookOr(
  cloud: Cloud,
  command: CloudCommand,
  otherwise: (error: CloudError) => null,
): Promise<unknown> {
  try {
    return await cloud.look(command);
  } catch (error) {
    if (error instanceof CloudError && (error.fault === 'permission' || error.fault === 'api'))
      return otherwise(error);
    throw error;
  }
}

interface Quota {
  metric: string;
  limit: number;
  usage: number;
}

/**
 * Whether a cluster that does not exist yet fits into the region's quotas.
 * @throws ClusterError that names the quota, what is free and what is needed.
 */
export async function checkQuota(
  target: GkeTarget,
  found: { cloud: Cloud; sizing: Sizing },
): Promise<string> {
  const { cloud, sizing } = found;
  const region = (await cloud.look(preflightCommands.region(target))) as { quotas?: Quota[] } | null;
  if (region === null) {
    throw new ClusterError(`there is no region ${target.region}`, {
      nextStep: 'See `gcloud compute regions list`.',
    });
  }
  const needs: [string, number, string][] = [
    ['CPUS', sizing.systemNodes.cores + sizing.podNodes.cores, 'cores'],
    ['SSD_TOTAL_GB', sizing.volumes.gib + sizing.systemNodes.count * 30, 'GB of SSD disks'],
  ];
  for (const [metric, need, unit] of needs) {
    const quota = region.quotas?.find((candidate) => candidate.metric === metric);
    if (quota === undefined || quota.limit - quota.usage >= need) continue;
    throw new ClusterError(
      `quota ${metric} in ${target.region} has room for ${quota.limit - quota.usage} more ${unit}, and ${need} are needed`,
      {
        nextStep: `Ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${target.project}, or take fewer shards (SHARDS=), members (MEMBERS=) or smaller disks.`,
      },
    );
  }
  return needs.map(([, need, unit]) => `${need} ${unit}`).join(' and ');
}
