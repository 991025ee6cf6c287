/**
 * Vase's own image in the project's repository. Its tag is a hash of its inputs, so an existing image is the right one.
 * It is deployed by the digest that the registry gives it.
 */
import { mkdir } from 'node:fs/promises';
import { buildImage } from '../../../image/build-image.ts';
import type { Cloud } from './cloud.ts';
import { apis } from './project-resources.ts';
import { ownImage } from './registry-resources.ts';
import { change, type CloudCommand, type CloudResource, look, thereWhenAny } from './resource.ts';
import { type GkeTarget, namesOf } from './target.ts';

const minute = 60_000;
/** Some 80 MB, over a line of any speed. */
const pushTimeoutMs = 30 * minute;

/** @param tag the hash of the image's inputs. */
export function imageResource(target: GkeTarget, tag: string): CloudResource {
  const image = `${ownImage(target)}:${tag}`;
  return {
    id: 'image',
    title: `image vase:${tag}`,
    api: apis.registry,
    describe: look('artifacts', 'docker', 'images', 'describe', image, `--project=${target.project}`),
    judge: thereWhenAny,
    create: [logIn(target), dockerHost, push(image)],
    // It is deleted with its repository.
    remove: [],
  };
}

/** Lets docker use gcloud's own login for this one registry. Writes no secret. */
function logIn(target: GkeTarget): CloudCommand {
  return change(minute, 'auth', 'configure-docker', namesOf(target).registryHost);
}

const dockerHost: CloudCommand = {
  program: 'docker',
  args: ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'],
  timeoutMs: minute,
};

function push(image: string): CloudCommand {
  return { program: 'docker', args: ['push', '--quiet', image], timeoutMs: pushTimeoutMs };
}

/**
 * Builds the image and pushes it to the repository. The user's own settings of docker stay as they are: the login is
 * written to a folder of Vase's.
 */
export async function publishImage(
  target: GkeTarget,
  source: { cloud: Cloud; checkout: string; baseImage: string; dockerFolder: string; signal: AbortSignal },
): Promise<string> {
  const { cloud, checkout, baseImage, dockerFolder, signal } = source;
  const { image } = await buildImage({ checkout, baseImage, repository: ownImage(target), signal });
  await mkdir(dockerFolder, { recursive: true, mode: 0o700 });
  await cloud.change(logIn(target), { DOCKER_CONFIG: dockerFolder });
  // Push does not see the user's settings, so it must be given the host of their daemon.
  const host = (await cloud.change(dockerHost)).trim();
  await cloud.change(push(image), {
    DOCKER_CONFIG: dockerFolder,
    ...(host === '' ? {} : { DOCKER_HOST: host }),
  });
  return image;
}

/**
 * "…/vase/vase@sha256:…", as the registry says; null when it does not have the image.
 * @throws Error when the registry's answer has no digest.
 */
export async function findDigest(
  target: GkeTarget,
  found: { cloud: Cloud; tag: string },
): Promise<string | null> {
  const described = (await found.cloud.look(imageResource(target, found.tag).describe)) as {
    image_summary?: { digest?: string };
  } | null;
  if (described === null) return null;
  const digest = described.image_summary?.digest ?? '';
  if (!/^sha256:[0-9a-f]{64}$/.test(digest))
    throw new Error(`Artifact Registry gave no digest for vase:${found.tag}`);
  return `${ownImage(target)}@${digest}`;
}
