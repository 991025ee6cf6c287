/**
 * Where on Google Cloud a cluster runs and how it is reached, checked before any request to Google; and the names of
 * everything that is made for it. Each name is a function of the target, so that every run finds what others made.
 */
import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { UsageError } from '../../../errors.ts';

/**
 * Who reaches `sharder-endpoint`: machines in the cluster's own network, or these address ranges of the internet, and
 * then only over TLS and with the token.
 */
export type Exposure = { kind: 'internal' } | { kind: 'public'; ranges: readonly string[] };

export interface GkeTarget {
  project: string;
  region: string;
  /** The topology's name: that of the cluster and of its namespace. */
  name: string;
  exposure: Exposure;
}

export interface TargetInput {
  project?: string | undefined;
  region?: string | undefined;
  name: string;
  /** "" or "internal", or "public". */
  expose?: string | undefined;
  /** Ranges such as "203.0.113.0/24", separated by commas. */
  allow?: string | undefined;
}

const projectPattern = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const regionPattern = /^[a-z]+-[a-z]+[0-9]+$/;
const rangesMax = 32;

/** @throws UsageError that names the setting and what is allowed. */
export function parseTarget(input: TargetInput): GkeTarget {
  const { project = '', region = '', name } = input;
  if (!projectPattern.test(project)) {
    throw new UsageError(
      `PROJECT must be the id of a Google Cloud project, such as my-project, not ${JSON.stringify(project)}`,
    );
  }
  if (!regionPattern.test(region)) {
    const zone = /^[a-z]+-[a-z]+[0-9]+-[a-z]$/.test(region) ? ' (that is a zone)' : '';
    throw new UsageError(
      `REGION must be a region such as europe-west1, not ${JSON.stringify(region)}${zone}`,
    );
  }
  return { project, region, name, exposure: parseExposure(input) };
}

function parseExposure({ expose = '', allow = '' }: TargetInput): Exposure {
  const ranges = allow.split(',').filter((range) => range !== '');
  if (expose === '' || expose === 'internal') {
    if (ranges.length > 0) throw new UsageError('ALLOW is for EXPOSE=public alone');
    return { kind: 'internal' };
  }
  if (expose !== 'public') {
    throw new UsageError(`EXPOSE must be internal or public, not ${JSON.stringify(expose)}`);
  }
  if (ranges.length === 0 || ranges.length > rangesMax || !ranges.every(isRange)) {
    throw new UsageError(
      `EXPOSE=public needs ALLOW: up to ${rangesMax} address ranges that may connect, such as ALLOW=203.0.113.0/24,198.51.100.7/32`,
    );
  }
  return { kind: 'public', ranges };
}

function isRange(text: string): boolean {
  const [address, bits, ...more] = text.split('/');
  return more.length === 0 && isIPv4(address!) && /^\d{1,2}$/.test(bits ?? '') && Number(bits) <= 32;
}

export interface GkeNames {
  cluster: string;
  network: string;
  /** The account of the cluster's nodes, and of nothing else. */
  nodeAccount: string;
  nodeAccountEmail: string;
  /** Holds Vase's own image. */
  repository: string;
  /** Fetches etcd's image from its own registry, since the nodes have no way out. */
  mirror: string;
  address: string;
  registryHost: string;
  /** kubectl's context, as `get-credentials` calls it. */
  context: string;
}

export function namesOf({ project, region, name }: GkeTarget): GkeNames {
  // An account's id has at most 30 characters, and is shared by all regions.
  const mark = createHash('sha256').update(`${name}/${region}`).digest('hex').slice(0, 6);
  const nodeAccount = `${name.slice(0, 16).replace(/-$/, '')}-nodes-${mark}`;
  return {
    cluster: name,
    network: `${name}-${region}`,
    nodeAccount,
    nodeAccountEmail: `${nodeAccount}@${project}.iam.gserviceaccount.com`,
    repository: name,
    mirror: `${name}-mirror`,
    address: `${name}-endpoint`,
    registryHost: `${region}-docker.pkg.dev`,
    context: `gke_${project}_${region}_${name}`,
  };
}
