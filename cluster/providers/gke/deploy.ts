/**
 * Deploys a cluster: each resource is looked up and made when it is missing, then the objects are applied, waited for and
 * proved to serve, with the same steps as on kind. The next run continues a run that was stopped anywhere.
 */
import { chmod, readFile } from 'node:fs/promises';
import { namespaceObject } from '../../manifests/cluster-objects.ts';
import { sharderPorts } from '../../manifests/names.ts';
import type { Blueprint } from '../../manifests/overlay.ts';
import type { Topology } from '../../topology/topology.ts';
import type { StoreAccess } from '../guarded-request.ts';
import type { ApiObject } from '../../kubernetes/kubernetes-objects.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { type RollOut, rollOutSteps } from '../kubernetes/roll-out/roll-out.ts';
import type { Step } from '../steps.ts';
import { addressOf, addressResource } from './resources/address-resource.ts';
import type { Cloud } from './resources/cloud.ts';
import { getCredentials } from './resources/cluster-resource.ts';
import { askPublicEndpoint, awaitBalancer } from './endpoint.ts';
import { ensureResource } from './resources/ensure-resource.ts';
import { gkeBlueprint } from './gke-blueprint.ts';
import type { GkeFiles } from './gke-files.ts';
import { findDigest, imageResource, publishImage } from './resources/image-resource.ts';
import { planBasis } from './plan.ts';
import { checkQuota } from './preflight.ts';
import type { CloudResource } from './resources/resource.ts';
import { applySecrets, prepareSecrets, userAuthorityFile } from './secrets.ts';
import type { Sizing } from './resources/sizing.ts';
import { stateOf } from './resources/survey.ts';
import { type GkeTarget, namesOf } from './resources/target.ts';

/** What the steps share; the later fields are set by the steps themselves. */
export interface Deploying {
  target: GkeTarget;
  topology: Topology;
  /** The number of sharders that was requested before; null for a new cluster. */
  shardersBefore: number | null;
  checkout: string;
  imageTag: string;
  cloud: Cloud;
  files: GkeFiles;
  signal: AbortSignal;
  retryDelayMs: number;
  /** Names of resources that were made or changed. */
  made: string[];
  image: string | null;
  blueprint: Blueprint | null;
  cluster: KubernetesCluster | null;
  rollOut: RollOut | null;
  /** "http://10.20.0.5:5000" */
  endpoint: string | null;
}

/** Nodes are made when pods ask for them, and with their disks that takes minutes. */
const placedMsMax = 480_000;

export function deploySteps(target: GkeTarget, topology: Topology): Step<Deploying>[] {
  const { sizing, resources } = planBasis(target, topology);
  const rollOut = rollOutSteps<Deploying>(topology, ({ rollOut: started }) => started!);
  const proof = rollOut.pop()!;
  const isPublic = target.exposure.kind === 'public';
  return [
    ...resources.flatMap((resource) => resourceSteps(resource, sizing)),
    { title: 'Put the image into its repository', run: publishStep },
    { title: 'Get into the cluster', run: connectStep },
    { title: 'Apply the certificates', run: secretsStep },
    ...rollOut,
    { title: 'Open a way to a sharder', run: nameSharders },
    proof,
    { title: 'Wait for the load balancer', run: balancerStep },
    ...(isPublic ? [{ title: 'Ask the endpoint with and without the token', run: publicStep }] : []),
  ];
}

function resourceSteps(resource: CloudResource, sizing: Sizing): Step<Deploying>[] {
  const ensure: Step<Deploying> = {
    title: capitalized(resource.title),
    run: async (deploying) => {
      const outcome = await ensureResource(deploying, resource);
      if (outcome !== 'there') deploying.made.push(resource.id);
      return outcome;
    },
  };
  if (resource.id !== 'cluster') return [ensure];
  const quota: Step<Deploying> = {
    title: 'Look at the quotas',
    run: async ({ target, cloud }) => {
      if ((await stateOf(cloud, resource)).kind !== 'missing') return 'the cluster is there';
      return checkQuota(target, { cloud, sizing });
    },
  };
  return [quota, ensure];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

async function publishStep(deploying: Deploying): Promise<string> {
  const { target, topology, checkout, imageTag, cloud, files, signal } = deploying;
  const there = await findDigest(target, { cloud, tag: imageTag });
  if (there === null) {
    const baseImage = topology.images.base;
    await publishImage(target, { cloud, checkout, baseImage, dockerFolder: files.docker, signal });
    deploying.made.push(imageResource(target, imageTag).id);
  }
  deploying.image = there ?? (await findDigest(target, { cloud, tag: imageTag }));
  if (deploying.image === null)
    throw new Error(`docker pushed vase:${imageTag} and the registry does not have it`);
  return `${deploying.image}${there === null ? '' : ', there'}`;
}

async function connectStep(deploying: Deploying): Promise<string> {
  const { target, topology, cloud, files, image } = deploying;
  await fetchCredentials(target, { cloud, files });
  const address = await publicAddress(target, cloud);
  const plain = gkeBlueprint(target, { topology, image: image!, secretsMark: null });
  const { operator } = await prepareSecrets(plain, { files, address, nowMs: Date.now() });
  const { context } = namesOf(target);
  const place = {
    kubeconfig: files.kubeconfig,
    context,
    instance: topology.name,
    tls: operator,
    placedMsMax,
  };
  deploying.cluster = await KubernetesCluster.connect(place);
  return `context ${context}, Kubernetes ${await deploying.cluster.client.serverVersion()}`;
}

/** Writes into a kubeconfig of Vase's own: the user's kubeconfig and its current context stay as they are. */
export async function fetchCredentials(
  target: GkeTarget,
  { cloud, files }: { cloud: Cloud; files: GkeFiles },
): Promise<void> {
  await cloud.change(getCredentials(target), { KUBECONFIG: files.kubeconfig });
  await chmod(files.kubeconfig, 0o600);
}

async function publicAddress(target: GkeTarget, cloud: Cloud): Promise<string | null> {
  if (target.exposure.kind === 'internal') return null;
  return addressOf(await cloud.look(addressResource(target).describe));
}

async function secretsStep(deploying: Deploying): Promise<string> {
  const { target, topology, cloud, files, cluster, image, signal } = deploying;
  const plain = gkeBlueprint(target, { topology, image: image!, secretsMark: null });
  const address = await publicAddress(target, cloud);
  const secrets = await prepareSecrets(plain, { files, address, nowMs: Date.now() });
  // Is applied again with all the rest; the secrets need the namespace now.
  await cluster!.client.apply(namespaceObject(plain) as ApiObject);
  const changed = await applySecrets(cluster!.client, secrets);
  deploying.blueprint = gkeBlueprint(target, { topology, image: image!, secretsMark: secrets.mark });
  deploying.rollOut = {
    cluster: cluster!,
    blueprint: deploying.blueprint,
    membersAsked: deploying.topology.members,
    shardersBefore: deploying.shardersBefore,
    // Through the cluster's API: an internal balancer and a public one cannot be reached from everywhere.
    endpoint: await wayToSharder(cluster!, 'sharder-1', address === null ? 'http' : 'https'),
    access: address === null ? null : await readAccess(files),
    signal,
    changed: false,
    sinceMs: Date.now(),
  };
  if (changed.length > 0) deploying.made.push('secrets');
  return `${secrets.secrets.length} secrets, ${changed.length === 0 ? 'none' : changed.length} changed`;
}

/** A way through the cluster's API to a sharder alone; its certificate, if it has one, is valid for loopback, too. */
export async function wayToSharder(
  cluster: KubernetesCluster,
  name: string,
  scheme: 'http' | 'https' = 'http',
): Promise<string> {
  const door = await cluster.sharderDoor(name);
  return scheme === 'http' ? door : door.replace(/^http:/, 'https:');
}

async function readAccess(files: GkeFiles): Promise<StoreAccess> {
  const [authority, token] = await Promise.all([
    readFile(userAuthorityFile(files)),
    readFile(files.token, 'utf8'),
  ]);
  return { authority, token };
}

/** Finds the pod that has the sharder's name, for `wayToSharder`. */
async function nameSharders({ cluster }: Deploying): Promise<string> {
  const sharders = await cluster!.sharders();
  return sharders.map(({ name, pod }) => `${name} is ${pod?.metadata.name ?? 'missing'}`).join(', ');
}

async function balancerStep(deploying: Deploying): Promise<string> {
  const { target, cluster, signal } = deploying;
  const address = await awaitBalancer(cluster!, signal);
  const scheme = target.exposure.kind === 'public' ? 'https' : 'http';
  deploying.endpoint = `${scheme}://${address}:${sharderPorts.http}`;
  return deploying.endpoint;
}

function publicStep({ endpoint, files, signal }: Deploying): Promise<string> {
  return askPublicEndpoint(endpoint!, {
    authorityFile: userAuthorityFile(files),
    tokenFile: files.token,
    signal,
  });
}
