/** The kind and docker command lines that the kind provider uses. Every call names its cluster or container. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { kindNodePorts } from '../../manifests/overlay.ts';
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';
import type { KindState } from './kind-state.ts';

/** A gigabyte of node image over a slow line; with a local image it takes a minute. */
const createMsMax = 1_800_000;
const readyWait = '240s';
const deleteMsMax = 120_000;
const askMsMax = 30_000;
/** Stops and starts of containers, which a busy machine delays. */
const containerMsMax = 60_000;

/** The label that kind puts on the containers of a cluster's nodes. */
const clusterLabel = 'io.x-k8s.kind.cluster';

export interface NodeContainer {
  name: string;
  runs: boolean;
}

export function contextName(cluster: string): string {
  return `kind-${cluster}`;
}

/** A label on every node: which cluster the node belongs to. */
const configurationLabel = 'vase/configuration';

type KindCluster = Pick<KindState, 'configuration' | 'configurationHash'>;

/** The configuration that kind gets: https://kind.sigs.k8s.io/docs/user/configuration/ */
export function clusterConfig({ configuration, configurationHash }: KindCluster): string {
  const { profile, httpPort, viewPort } = configuration;
  const own = { [configurationLabel]: configurationHash };
  const mapped = (containerPort: number, hostPort: number) => ({
    containerPort,
    hostPort,
    listenAddress: '127.0.0.1',
    protocol: 'TCP',
  });
  const controlPlane = {
    role: 'control-plane',
    labels: own,
    extraPortMappings: [mapped(kindNodePorts.http, httpPort), mapped(kindNodePorts.view, viewPort)],
  };
  const worker = (zone: string) => ({
    role: 'worker',
    labels: { ...own, 'topology.kubernetes.io/zone': zone },
  });
  const workers = profile === 'zones' ? ['zone-a', 'zone-b', 'zone-c'].map(worker) : [];
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    nodes: [controlPlane, ...workers],
  });
}

export async function createCluster(
  name: string,
  cluster: KindCluster,
  { kubeconfig, signal }: { kubeconfig: string; signal: AbortSignal },
): Promise<void> {
  mkdirSync(dirname(kubeconfig), { recursive: true, mode: 0o700 });
  const args = ['create', 'cluster', '--name', name, '--image', cluster.configuration.nodeImage];
  await runCommand('kind', [...args, '--kubeconfig', kubeconfig, '--wait', readyWait, '--config', '-'], {
    input: clusterConfig(cluster),
    timeoutMs: createMsMax,
    signal,
  });
  chmodSync(kubeconfig, 0o600);
}

/**
 * Whether these nodes were made for this state. The label is in kind's configuration for Kubernetes' own installer, which
 * Docker shows of a stopped node, too; incomplete nodes may have none.
 */
export async function isOwnCluster(
  nodes: readonly NodeContainer[],
  { phase, configuration, configurationHash }: Pick<KindState, 'phase' | keyof KindCluster>,
): Promise<boolean> {
  if (configuration.id === undefined) return true;
  const labels = await Promise.all(nodes.map(({ name }) => readLabel(name)));
  const known = labels.filter((label) => label !== null);
  if (known.length === 0) return phase === 'creating';
  return known.every((label) => label === configurationHash);
}

async function readLabel(node: string): Promise<string | null> {
  try {
    const file = `${node}:/kind/kubeadm.conf`;
    const { stdout } = await runCommand('docker', ['cp', file, '-'], { timeoutMs: askMsMax });
    return new RegExp(`${configurationLabel}=([0-9a-f]+)`).exec(stdout)?.[1] ?? null;
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}

/** Deletes the nodes with all their data; does nothing where there are none. */
export async function deleteCluster(name: string, kubeconfig: string): Promise<void> {
  await runCommand('kind', ['delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig], {
    timeoutMs: deleteMsMax,
  });
}

/** Writes the kubeconfig anew: the API's port changes when the node's container starts again. */
export async function writeKubeconfig(name: string, kubeconfig: string): Promise<void> {
  mkdirSync(dirname(kubeconfig), { recursive: true, mode: 0o700 });
  // kind merges into the existing file, which may be the broken one.
  rmSync(kubeconfig, { force: true });
  await runCommand('kind', ['export', 'kubeconfig', '--name', name, '--kubeconfig', kubeconfig], {
    timeoutMs: askMsMax,
  });
  chmodSync(kubeconfig, 0o600);
}

/** The containers of a cluster's nodes, stopped ones too; empty where there is no such cluster. */
export async function listNodes(cluster: string): Promise<NodeContainer[]> {
  const format = '{{.Names}}\t{{.State}}';
  const { stdout } = await runCommand(
    'docker',
    ['ps', '--all', '--filter', `label=${clusterLabel}=${cluster}`, '--format', format],
    { timeoutMs: askMsMax },
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [name, state] = line.split('\t') as [string, string];
      return { name, runs: state === 'running' };
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export async function startNodes(names: readonly string[]): Promise<void> {
  await runCommand('docker', ['start', ...names], { timeoutMs: containerMsMax });
}

/** Runs a command in a node. */
export async function runInNode(
  node: string,
  args: readonly string[],
  options: { timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<string> {
  const { stdout } = await runCommand('docker', ['exec', node, ...args], {
    timeoutMs: options.timeoutMs ?? askMsMax,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return stdout;
}

/** Docker's id of a local image; null where Docker has none of the name. */
export async function localImageId(image: string): Promise<string | null> {
  try {
    const { stdout } = await runCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', image], {
      timeoutMs: askMsMax,
    });
    return stdout.trim();
  } catch (error) {
    if (error instanceof CommandError) return null;
    throw error;
  }
}
