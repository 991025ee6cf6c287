/**
 * Loads images into the nodes of a kind cluster, one at a time, and checks that each has arrived: a node that pulls by
 * itself would fail only minutes later, and several loads at once take more memory than a laptop has.
 */
import { ClusterError } from '../../errors.ts';
import { CommandError } from '../../host/command-error.ts';
import { runCommand } from '../../host/run-command.ts';
import { localImageId, runInNode } from './kind-command.ts';

/** A few hundred megabytes over a slow line, or from Docker into a node on a slow disk. */
const loadMsMax = 900_000;

export interface ImageLoad {
  cluster: string;
  nodes: readonly string[];
  images: readonly string[];
  signal: AbortSignal;
}

/**
 * Docker pulls the images that it lacks, and they are copied to the nodes. The nodes themselves pull images that are named
 * by digest, because a copy loses its digest.
 * @returns the images that were loaded.
 * @throws ClusterError when an image is not available.
 */
export async function loadImages(load: ImageLoad): Promise<string[]> {
  const brought: string[] = [];
  for (const image of new Set(load.images)) {
    load.signal.throwIfAborted();
    const isBrought = isPinned(image) ? await pullIntoNodes(load, image) : await copyIntoNodes(load, image);
    if (isBrought) brought.push(image);
  }
  return brought;
}

const isPinned = (image: string) => image.includes('@sha256:');

async function copyIntoNodes(load: ImageLoad, image: string): Promise<boolean> {
  const { cluster, nodes, signal } = load;
  let id = await localImageId(image);
  if (id === null) {
    await pull(
      image,
      () => runCommand('docker', ['pull', '--quiet', image], { timeoutMs: loadMsMax, signal }),
      signal,
    );
    id = (await localImageId(image))!;
  }
  const lacking = await nodesWithout(nodes, image, id);
  if (lacking.length === 0) return false;
  const args = ['load', 'docker-image', image, '--name', cluster, '--nodes', lacking.join(',')];
  await runCommand('kind', args, { timeoutMs: loadMsMax, signal });
  await demandImage(lacking, image);
  return true;
}

async function pullIntoNodes({ nodes, signal }: ImageLoad, image: string): Promise<boolean> {
  const lacking = await nodesWithout(nodes, image, null);
  for (const node of lacking)
    await pull(
      image,
      () => runInNode(node, ['crictl', 'pull', image], { timeoutMs: loadMsMax, signal }),
      signal,
    );
  await demandImage(lacking, image);
  return lacking.length > 0;
}

async function pull(image: string, command: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await command();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
    throw missingImage(image, error);
  }
}

/** @param cause the failed attempt to pull it. */
export function missingImage(image: string, cause: CommandError): ClusterError {
  const reason = (cause.output.trim() || cause.message).split('\n').at(-1)!;
  return new ClusterError(
    `the image ${image} is not here and cannot be pulled: ${reason.replaceAll(/\s+/g, ' ').slice(0, 300)}`,
    {
      nextStep:
        'Name one that can be had (VASE_NODE_IMAGE, VASE_ETCD_IMAGE, VASE_BASE_IMAGE, VASE_IMAGE), then run `make up` again.',
      cause,
    },
  );
}

async function demandImage(nodes: readonly string[], image: string): Promise<void> {
  const still = await nodesWithout(nodes, image, null);
  if (still.length > 0)
    throw new ClusterError(`the image ${image} was brought to ${still.join(', ')} and is not there`, {
      nextStep: 'Run `make up` again; if that does not help, `make down` and `make up`.',
    });
}

/** @param id Docker's id where the nodes need that very image, because a newer one may have the same name. */
async function nodesWithout(nodes: readonly string[], image: string, id: string | null): Promise<string[]> {
  const lists = await Promise.all(
    nodes.map((node) => runInNode(node, ['ctr', '--namespace=k8s.io', 'images', 'list'])),
  );
  return nodes.filter((_, index) => !hasImage(lists[index]!, image, id));
}

/**
 * Whether a node has an image, by its list of references and digests. It keeps each image under its name and under the
 * digest of its configuration, which is Docker's id of it; a Docker that keeps its images in containerd has the
 * manifest's digest as id.
 */
export function hasImage(list: string, image: string, id: string | null): boolean {
  const digests = new Map(
    list.split('\n').map((line) => {
      const [name = '', , digest = ''] = line.split(/\s+/);
      return [name, digest] as const;
    }),
  );
  const digest = digests.get(fullName(image));
  if (digest === undefined) return false;
  return id === null || digest === id || digests.get(id) === digest;
}

/** As containerd names it: "docker.io/library/vase:1"; where there is a digest, without the tag. */
export function fullName(image: string): string {
  const [name, digest] = image.split('@') as [string, string | undefined];
  const slash = name.indexOf('/');
  const host = slash === -1 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(host) || host === 'localhost';
  const path = isHost ? name : `docker.io/${slash === -1 ? 'library/' : ''}${name}`;
  const tag = /:[^/:]+$/.exec(path)?.[0] ?? '';
  const untagged = path.slice(0, path.length - tag.length);
  return digest === undefined ? `${untagged}${tag || ':latest'}` : `${untagged}@${digest}`;
}
