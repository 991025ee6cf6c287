/**
 * The three actions on a cluster on GKE: say what deploying would do, deploy, destroy. Each begins with the preflight.
 * Only the first needs no confirmation, and it changes nothing on Google Cloud.
 */
import { tagOfImage } from '../../image/build-image.ts';
import { buildObjectGroups } from '../../manifests/object-groups.ts';
import { ClusterError, UsageError } from '../../errors.ts';
import { mergeTopologies } from '../../topology/topology-input.ts';
import { parseTopology, type Topology } from '../../topology/topology.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { stateFolder } from '../../state/state-folder.ts';
import { withLock } from '../../state/state-lock.ts';
import type { ActionOptions, UpResult } from '../provider.ts';
import { counted, runSteps } from '../steps.ts';
import { Cloud } from './resources/cloud.ts';
import { deploySteps, type Deploying, fetchCredentials } from './deploy.ts';
import { type Destroying, destroySteps, plannedRemovals } from './destroy.ts';
import { gkeBlueprint } from './gke-blueprint.ts';
import { gkeFiles } from './gke-files.ts';
import { assertSameCluster, readGkeState, removeGkeState, writeGkeState } from './gke-state.ts';
import { readSecretsMark } from './secrets.ts';
import { findDigest } from './resources/image-resource.ts';
import { findLeftovers, type Leftover } from './resources/leftovers.ts';
import { allNew, dryRunObjects, type ObjectChange } from './object-changes.ts';
import { type GkePlan, makePlan, planBasis } from './plan.ts';
import { preflightSteps } from './preflight.ts';
import { ownImage } from './resources/registry-resources.ts';
import { surveyResources } from './resources/survey.ts';
import { type GkeTarget, namesOf } from './resources/target.ts';

export interface GkePlace {
  target: GkeTarget;
  checkout: string;
  stateRoot: string;
}

export interface Removals {
  /** What would be deleted, in order. */
  planned: { title: string; commands: string[] }[];
  /** The disks that exist now: they would be left. */
  leftovers: Leftover[];
}

/** The pause between two tries at a change that Google has not spread over its machines yet. */
const retryDelayMs = 10_000;

function startCloud({ target }: GkePlace, { signal }: ActionOptions): Cloud {
  return new Cloud({ project: target.project, signal, environment: {} });
}

/** @param requested fields of a topology; a field that is left out keeps its value of the last deployment. */
export async function planDeployment(
  place: GkePlace,
  requested: unknown,
  options: ActionOptions,
): Promise<GkePlan> {
  const { target, checkout } = place;
  const topology = nextTopology(place, requested);
  const cloud = startCloud(place, options);
  let plan: GkePlan | null = null;
  await runSteps<void>(
    [
      ...preflightSteps(target, cloud),
      {
        title: 'Look at what is there',
        run: async () => {
          const imageTag = await tagOfImage({ checkout, baseImage: topology.images.base });
          const readObjects = (hasCluster: boolean) =>
            describeObjects(place, { cloud, topology, imageTag, hasCluster, signal: options.signal });
          plan = await makePlan(target, { topology, cloud, imageTag, readObjects });
        },
      },
    ],
    undefined,
    options,
  );
  return plan!;
}

async function describeObjects(
  { target, stateRoot }: GkePlace,
  known: { cloud: Cloud; topology: Topology; imageTag: string; hasCluster: boolean; signal: AbortSignal },
): Promise<ObjectChange[]> {
  const { cloud, topology, imageTag, hasCluster, signal } = known;
  const files = gkeFiles(stateRoot);
  const image = hasCluster ? await findDigest(target, { cloud, tag: imageTag }) : null;
  const groupsWith = (secretsMark: string | null) =>
    buildObjectGroups(
      gkeBlueprint(target, { topology, image: image ?? `${ownImage(target)}:${imageTag}`, secretsMark }),
    );
  if (!hasCluster) return allNew(groupsWith(null));
  await fetchCredentials(target, { cloud, files });
  const { context } = namesOf(target);
  const cluster = await KubernetesCluster.connect({
    kubeconfig: files.kubeconfig,
    context,
    instance: topology.name,
  });
  try {
    // Deploying decides which secrets there will be; until then the plan takes those that exist.
    const groups = groupsWith(await readSecretsMark(cluster));
    return await dryRunObjects(cluster.client, groups, { signal });
  } finally {
    await cluster.close();
  }
}

/**
 * @param confirm must be the project's id.
 * @throws UsageError when it is not; ClusterError for a failure: the next call continues.
 */
export async function deploy(
  place: GkePlace,
  request: { requested: unknown; confirm: string },
  options: ActionOptions,
): Promise<UpResult> {
  const { target, checkout } = place;
  assertConfirmed(target, request.confirm);
  const files = gkeFiles(place.stateRoot);
  const before = readGkeState(files);
  const topology = nextTopology(place, request.requested);
  return withLock(stateFolder(files.folder), { purpose: 'deploying to GKE' }, async () => {
    const cloud = startCloud(place, options);
    const deploying: Deploying = {
      target,
      topology,
      checkout,
      cloud,
      files,
      retryDelayMs,
      signal: options.signal,
      shardersBefore: before?.topology.sharders ?? null,
      imageTag: await tagOfImage({ checkout, baseImage: topology.images.base }),
      made: [],
      image: null,
      blueprint: null,
      cluster: null,
      rollOut: null,
      endpoint: null,
    };
    try {
      const preflight = await runSteps<void>(preflightSteps(target, cloud), undefined, options);
      // From now on there may be something to destroy.
      writeGkeState(files, { target, topology });
      const steps = await runSteps(deploySteps(target, topology), deploying, options);
      const { changed, left } = deploying.rollOut!;
      return {
        endpoint: deploying.endpoint!,
        topology,
        changed: deploying.made.length > 0 || changed,
        steps: [...preflight, ...steps],
        left: left?.problems ?? [],
        notes: [],
      };
    } catch (error) {
      throw resumable(error, options.signal);
    } finally {
      await deploying.cluster?.close();
    }
  });
}

/** What `destroy` would delete, and what it would leave. */
export async function planRemoval(place: GkePlace, options: ActionOptions): Promise<Removals> {
  const cloud = startCloud(place, options);
  const { target, resources } = removable(place);
  let removals: Removals | null = null;
  await runSteps<void>(
    [
      ...preflightSteps(target, cloud),
      {
        title: 'Look at what is there',
        run: async () => {
          const planned = plannedRemovals(await surveyResources(target, { cloud, resources }));
          const leftovers = await findLeftovers(target, cloud);
          removals = { planned, leftovers: leftovers.filter(({ kind }) => kind === 'disk') };
        },
      },
    ],
    undefined,
    options,
  );
  return removals!;
}

/** As `deploy`; forgets the cluster, its certificates and its token at the end. */
export async function destroy(
  place: GkePlace,
  request: { confirm: string },
  options: ActionOptions,
): Promise<Leftover[]> {
  assertConfirmed(place.target, request.confirm);
  const files = gkeFiles(place.stateRoot);
  assertSameCluster(files, place.target);
  const { target, resources } = removable(place);
  return withLock(stateFolder(files.folder), { purpose: 'destroying on GKE' }, async () => {
    const cloud = startCloud(place, options);
    const destroying: Destroying = {
      target,
      cloud,
      files,
      retryDelayMs,
      leftovers: [],
      signal: options.signal,
    };
    try {
      await runSteps<void>(preflightSteps(target, cloud), undefined, options);
      await runSteps(destroySteps(resources), destroying, options);
    } catch (error) {
      throw resumable(error, options.signal);
    }
    removeGkeState(files);
    return destroying.leftovers;
  });
}

/** The resources of every deployment: from here or elsewhere, with or without an address on the internet. */
function removable({ target, stateRoot }: GkePlace) {
  const everything: GkeTarget = { ...target, exposure: { kind: 'public', ranges: ['0.0.0.0/0'] } };
  const topology = readGkeState(gkeFiles(stateRoot))?.topology ?? parseTopology({ name: target.name });
  return { target: everything, resources: planBasis(everything, topology).resources };
}

/** @throws UsageError */
function assertConfirmed({ project }: GkeTarget, confirm: string): void {
  if (confirm === project) return;
  throw new UsageError(
    `CONFIRM must be the project's id, ${project}, not ${JSON.stringify(confirm)}; nothing was changed`,
  );
}

/** @throws ClusterError for a change that would lose data. */
function nextTopology({ target, stateRoot }: GkePlace, requested: unknown): Topology {
  const files = gkeFiles(stateRoot);
  assertSameCluster(files, target);
  const before = readGkeState(files)?.topology;
  const topology = parseTopology(mergeTopologies(before ?? {}, requested, { name: target.name }));
  if (before === undefined) return topology;
  if (topology.members !== before.members || topology.firstShard !== before.firstShard) {
    throw new ClusterError('the members of the shards cannot be changed while they hold data', {
      nextStep: `Deploy with MEMBERS=${before.members}, or under another name from another VASE_STATE.`,
    });
  }
  if (topology.shards !== before.shards) {
    // A shard more would cost money and own nothing; a shard less would stay.
    throw new ClusterError(
      `the cluster was deployed with ${counted(before.shards, 'shard')}, and deploying cannot make them ${topology.shards}`,
      { nextStep: `Deploy with SHARDS=${before.shards}, or under another name from another VASE_STATE.` },
    );
  }
  return topology;
}

function resumable(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || !(error instanceof ClusterError)) return error;
  return new ClusterError(`${error.message}; what was done so far stays`, {
    nextStep: 'Run the same command again: it goes on from there.',
    cause: error,
  });
}
