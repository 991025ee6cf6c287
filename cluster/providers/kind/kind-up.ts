/**
 * `up` for kind: check the machine, get the images, make the nodes or take the existing ones, load the images, and roll
 * the objects out. Each step does only what is not done, and records what it makes before it makes it: the next `up`
 * continues an interrupted one.
 */
import { buildImage } from '../../image/build-image.ts';
import { ClusterError } from '../../errors.ts';
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';
import { overlays, type Blueprint } from '../../manifests/overlay.ts';
import { parseTopology, type Topology } from '../../topology/topology.ts';
import { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { readLiveObjects, runs } from '../kubernetes/live-objects.ts';
import { rollOutSteps, type RollOut } from '../kubernetes/roll-out/roll-out.ts';
import { localHost } from '../../host/local-host.ts';
import { counted, type Step } from '../steps.ts';
import {
  contextName,
  createCluster,
  deleteCluster,
  isOwnCluster,
  listNodes,
  localImageId,
  startNodes,
  writeKubeconfig,
} from './kind-command.ts';
import type { KindFolder } from './kind-folder.ts';
import { writeKindState, type KindState } from './kind-state.ts';
import { loadImages, missingImage } from './load-images.ts';
import { findPausedPods, signalPod } from './node-processes.ts';
import type { KindPlan } from './plan-kind.ts';
import { emulatePodDisks } from './pod-disks.ts';
import { demandPreflight } from './preflight.ts';

/** After its container has started, Kubernetes needs half a minute on a busy machine. */
const apiMsMax = 180_000;
const apiPollMs = 500;
const pullMsMax = 1_800_000;

export interface KindUp {
  checkout: string;
  folder: KindFolder;
  plan: KindPlan;
  /** How many members the user wants each shard to have; null: the user does not say. */
  membersAsked: number | null;
  replaceLost: boolean;
  /** The state at the start of this `up`; null for a new cluster. */
  before: KindState | null;
  signal: AbortSignal;
  /** Set by the steps. */
  state: KindState | null;
  image: string | null;
  cluster: KubernetesCluster | null;
  rollOut: RollOut | null;
  changed: boolean;
}

export function kindUpSteps({ topology }: KindPlan): Step<KindUp>[] {
  return [
    { title: 'See whether this machine can', run: preflightStep },
    { title: 'Get the images', run: imagesStep },
    { title: `Make the kind cluster ${topology.name}`, run: clusterStep },
    { title: 'Load the images into the nodes', run: loadStep },
    ...rollOutSteps<KindUp>(topology, (up) => up.rollOut!),
    // Last: the members' containers must exist.
    { title: topology.ssd === 'off' ? 'Take the caps off the disks' : 'Emulate the disks', run: disksStep },
  ];
}

async function preflightStep({ plan, before }: KindUp): Promise<string> {
  const { profile, nodeImage, httpPort, viewPort } = plan.configuration;
  const isNew = before === null || before.phase === 'creating';
  return demandPreflight({
    profile,
    nodeImage,
    ports: isNew ? [httpPort, viewPort] : [],
    // An existing cluster has its room on the disk already.
    ...(isNew ? {} : { diskFreeBytesMin: 0 }),
  });
}

/** Before anything is made: a missing image is known after seconds. */
async function imagesStep(up: KindUp): Promise<string> {
  const { plan, signal, checkout } = up;
  const { node, etcd, base, vase } = plan.topology.images;
  const isOwn = vase === parseTopology({}).images.vase;
  const others = [node, base, etcd, ...(isOwn ? [] : [vase])];
  let pulled = 0;
  for (const image of others) if (await pullIfMissing(image, signal)) pulled++;
  if (!isOwn) up.image = vase;
  else {
    const { image, reused } = await buildImage({ checkout, baseImage: base, signal });
    up.image = image;
    return `${image} ${reused ? 'was there' : 'built'}${pulled === 0 ? '' : `, ${counted(pulled, 'image')} pulled`}`;
  }
  return vase;
}

async function pullIfMissing(image: string, signal: AbortSignal): Promise<boolean> {
  if ((await localImageId(image)) !== null) return false;
  try {
    await runCommand('docker', ['pull', '--quiet', image], { timeoutMs: pullMsMax, signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw missingImage(image, error);
    throw error;
  }
}

async function clusterStep(up: KindUp): Promise<string> {
  const { plan, before, folder, signal } = up;
  const { name } = plan.topology;
  const nodes = await listNodes(name);
  if (nodes.length > 0 && (before === null || !(await isOwnCluster(nodes, before)))) {
    const forget = before === null ? '' : ' (after `make down`, which forgets the one that is gone)';
    throw new ClusterError(`there is a kind cluster ${name} that was not made from ${folder.root}`, {
      nextStep: `Delete it (\`kind delete cluster --name ${name}\`) or take another name${forget}: \`name:\` in a TOPOLOGY file.`,
    });
  }
  if (before !== null && before.phase !== 'creating' && nodes.length > 0) {
    up.state = before;
    return takeCluster(up, nodes);
  }
  // 1. The state records what is about to be made. 2. It is made. 3. The state records that it is made.
  up.state = { format: 1, phase: 'creating', ...plan, image: null, sharders: null };
  writeKindState(folder, up.state);
  up.changed = true;
  if (nodes.length > 0) await deleteCluster(name, folder.kubeconfig);
  try {
    await createCluster(name, plan, { kubeconfig: folder.kubeconfig, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandError) throw creationError(error);
    throw error;
  }
  up.state = { ...up.state, phase: 'created' };
  writeKindState(folder, up.state);
  await connect(up);
  return `profile ${plan.configuration.profile}, ${nodes.length > 0 ? 'what an interrupted command had left was deleted first' : 'new'}`;
}

function creationError(error: CommandError): ClusterError {
  const lines = error.output.trim().split('\n');
  const said = lines.find((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? error.message;
  return new ClusterError(`kind could not make the cluster: ${said.slice(0, 500)}`, {
    nextStep: 'Mend what it says, then run `make up` again; `make doctor` looks at this machine.',
    cause: error,
  });
}

async function takeCluster(up: KindUp, nodes: readonly { name: string; runs: boolean }[]): Promise<string> {
  const stopped = nodes.filter((node) => !node.runs).map((node) => node.name);
  if (stopped.length > 0) {
    await startNodes(stopped);
    up.changed = true;
  }
  await connect(up);
  const woken = await wakePaused(up.cluster!);
  if (woken.length > 0) up.changed = true;
  const done = [
    ...(stopped.length === 0 ? [] : [`started ${stopped.join(', ')}`]),
    ...(woken.length === 0 ? [] : [`woke ${woken.join(', ')}`]),
  ];
  return done.length === 0 ? 'was there' : `was there; ${done.join('; ')}`;
}

/** Connects, renews a kubeconfig that does not lead to the cluster, and waits until its API answers. */
async function connect(up: KindUp): Promise<void> {
  const { folder, plan, signal } = up;
  const deadlineMs = performance.now() + apiMsMax;
  let isRenewed = false;
  for (;;) {
    signal.throwIfAborted();
    let cluster: KubernetesCluster | null = null;
    try {
      cluster = await KubernetesCluster.connect(placeOf(folder, plan.topology));
      await cluster.client.serverVersion();
      up.cluster = cluster;
      return;
    } catch (error) {
      await cluster?.close();
      if (!(error instanceof ClusterError)) throw error;
      if (!isRenewed) await writeKubeconfig(plan.topology.name, folder.kubeconfig);
      else if (performance.now() >= deadlineMs) throw error;
      isRenewed = true;
    }
    await new Promise((resolve) => setTimeout(resolve, apiPollMs));
  }
}

export function placeOf({ kubeconfig }: KindFolder, { name }: Pick<Topology, 'name'>) {
  return { kubeconfig, context: contextName(name), instance: name };
}

async function wakePaused(cluster: KubernetesCluster): Promise<string[]> {
  const running = (await readLiveObjects(cluster.client, cluster.instance)).pods.filter(runs);
  const paused = running.length === 0 ? new Set<string>() : await findPausedPods(running);
  for (const pod of running) if (paused.has(pod.metadata.name)) await signalPod(pod, 'CONT');
  return [...paused];
}

async function loadStep(up: KindUp): Promise<string> {
  const { plan, signal, folder } = up;
  const { base, etcd } = plan.topology.images;
  const nodes = (await listNodes(plan.topology.name)).map(({ name }) => name);
  const images = [base, etcd, up.image!];
  const brought = await loadImages({ cluster: plan.topology.name, nodes, images, signal });
  if (brought.length > 0) up.changed = true;
  // From now on this is the topology to which `up` brings the cluster, whatever happens.
  up.state = { ...up.state!, topology: plan.topology, image: up.image };
  writeKindState(folder, up.state);
  up.rollOut = newRollOut(up);
  return brought.length === 0 ? 'all were there' : `loaded ${brought.join(', ')}`;
}

async function disksStep(up: KindUp): Promise<string> {
  const { client, instance } = up.cluster!;
  const { pods } = await readLiveObjects(client, instance);
  const { text, changed } = await emulatePodDisks(up.plan.topology, pods, { signal: up.signal });
  if (changed) up.changed = true;
  return text;
}

/** The input of the objects. @param image Vase's own image, by its name in the nodes. */
export function kindBlueprint(topology: Topology, image: string): Blueprint {
  return { topology: { ...topology, images: { ...topology.images, vase: image } }, overlay: overlays.kind };
}

function newRollOut({ plan, membersAsked, replaceLost, before, cluster, image, signal }: KindUp): RollOut {
  const { topology, configuration } = plan;
  return {
    cluster: cluster!,
    blueprint: kindBlueprint(topology, image!),
    membersAsked,
    replaceLost,
    shardersBefore: before?.sharders ?? null,
    endpoint: `http://${localHost}:${configuration.httpPort}`,
    signal,
    changed: false,
    sinceMs: Date.now(),
  };
}
