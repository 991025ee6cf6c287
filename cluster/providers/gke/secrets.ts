/**
 * The secrets of a cluster as Kubernetes objects: certificates for mutual TLS with etcd, and for a public endpoint its
 * own certificate and the token. They go from the state folder to the API server and nowhere else: no log, no manifest.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { EtcdTls } from '../../../sharder/etcd/connection.ts';
import { ensureCertificates, type IssuedCertificate } from '../../certificates/certificate-store.ts';
import { ClusterError } from '../../errors.ts';
import type { KubernetesClient } from '../../kubernetes/kubernetes-client.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import {
  type CertificateRequest,
  certificateRequests,
  endpointSecret,
  sharderSecret,
  tokenSecret,
} from '../../manifests/certificates.ts';
import { commonLabels, sharderName } from '../../manifests/names.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import type { LiveDeployment } from '../kubernetes/live-objects.ts';
import { usesTls, type Blueprint } from '../../manifests/overlay.ts';
import type { Topology } from '../../topology/topology.ts';
import type { GkeFiles } from './gke-files.ts';

interface Secret extends ApiObject {
  type: string;
  data: Record<string, string>;
}

export interface ClusterSecrets {
  secrets: Secret[];
  /** Changes when anything changes that sharders read only at start; null when they read nothing. */
  mark: string | null;
  /** How this machine speaks to members; null for plain text. */
  operator: EtcdTls | null;
}

/** Names the user who runs the commands; is in no secret. Signed by the authority that members ask their clients for. */
const operatorName = 'operator';
const userAuthority = 'vase-users';
const tokenBytes = 32;

/** @param known.address of a public endpoint; null where there is none. */
export async function prepareSecrets(
  blueprint: Blueprint,
  known: { files: GkeFiles; address: string | null; nowMs: number },
): Promise<ClusterSecrets> {
  const { topology } = blueprint;
  const { files, address, nowMs } = known;
  const requests = [
    ...(usesTls(blueprint) ? withOperator(certificateRequests(topology)) : []),
    ...(address === null ? [] : [endpointRequest(address)]),
  ];
  const issued = await ensureCertificates(files.certificates, requests, nowMs);
  const operator = issued.get(operatorName);
  issued.delete(operatorName);
  const secrets = [...issued].map(([name, certificate]) => certificateSecret(topology, name, certificate));
  if (address !== null) secrets.push(await tokenObject(topology, files));
  return { secrets, mark: markOf(secrets), operator: operator === undefined ? null : asTls(operator) };
}

function withOperator(requests: CertificateRequest[]): CertificateRequest[] {
  const sharder = requests.find(({ secret }) => secret === sharderSecret)!;
  return [...requests, { ...sharder, secret: operatorName, commonName: operatorName }];
}

function endpointRequest(address: string): CertificateRequest {
  return {
    secret: endpointSecret,
    authority: userAuthority,
    commonName: 'sharder-endpoint',
    dnsNames: ['localhost'],
    ipAddresses: [address, '127.0.0.1'],
    usages: ['server auth'],
  };
}

/** Where users of a public endpoint find the authority that signs its certificate. */
export function userAuthorityFile(files: GkeFiles): string {
  return `${files.certificates}/${userAuthority}.crt`;
}

function certificateSecret(topology: Topology, name: string, issued: IssuedCertificate): Secret {
  return secretObject(topology, {
    name,
    type: 'kubernetes.io/tls',
    values: { 'ca.crt': issued.authority, 'tls.crt': issued.certificate, 'tls.key': issued.key },
  });
}

async function tokenObject(topology: Topology, files: GkeFiles): Promise<Secret> {
  const values = { [tokenSecret.key]: await ensureToken(files) };
  return secretObject(topology, { name: tokenSecret.name, type: 'Opaque', values });
}

async function ensureToken({ token }: GkeFiles): Promise<string> {
  try {
    return await readFile(token, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const made = randomBytes(tokenBytes).toString('base64url');
  await writeFile(`${token}.new`, made, { mode: 0o600 });
  await rename(`${token}.new`, token);
  return made;
}

function secretObject(
  topology: Topology,
  { name, type, values }: { name: string; type: string; values: Record<string, string> },
): Secret {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: topology.name, labels: commonLabels },
    type,
    data: Object.fromEntries(Object.entries(values).map(([key, text]) => [key, base64(text)])),
  };
}

/** etcd reads its certificates at every connection; sharders read theirs when they start. */
function markOf(secrets: readonly Secret[]): string | null {
  const names = new Set<string>([sharderSecret, endpointSecret, tokenSecret.name]);
  const read = secrets.filter(({ metadata }) => names.has(metadata.name));
  if (read.length === 0) return null;
  return createHash('sha256').update(JSON.stringify(read)).digest('hex').slice(0, 16);
}

/** The mark of the sharders in the cluster; null when there are no sharders, or they have no mark. */
export async function readSecretsMark({ client, instance }: KubernetesCluster): Promise<string | null> {
  const name = { apiVersion: 'apps/v1', kind: 'Deployment', name: sharderName, namespace: instance };
  const deployment = await client.read<LiveDeployment>(name);
  return deployment?.spec?.template.metadata?.annotations?.['vase/secrets'] ?? null;
}

function asTls({ authority, certificate, key }: IssuedCertificate): EtcdTls {
  return { ca: Buffer.from(authority), certificate: Buffer.from(certificate), key: Buffer.from(key) };
}

/**
 * Applies the secrets.
 * @returns names of those that changed.
 * @throws ClusterError when the cluster has certificates of another authority: its members would refuse these.
 */
export async function applySecrets(client: KubernetesClient, { secrets }: ClusterSecrets): Promise<string[]> {
  const changed: string[] = [];
  for (const secret of secrets) {
    const { name, namespace } = secret.metadata;
    const before = await client.read<Secret>({
      apiVersion: 'v1',
      kind: 'Secret',
      name,
      namespace: namespace!,
    });
    assertSameAuthority(before, secret);
    const after = await client.apply(secret);
    if (before?.metadata.resourceVersion !== after.metadata.resourceVersion) changed.push(name);
  }
  return changed;
}

function assertSameAuthority(before: Secret | null, after: Secret): void {
  const authority = before?.data?.['ca.crt'];
  if (authority === undefined || authority === after.data['ca.crt']) return;
  throw new ClusterError(
    `${after.metadata.name} in the cluster was signed by another authority than this machine's: it was deployed from elsewhere`,
    {
      nextStep:
        'Copy the folder gke/ of the state folder that it was deployed from (`.vase/gke`) to this machine, and run this again.',
    },
  );
}
