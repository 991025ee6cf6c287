/**
 * Builds Vase's image with the docker command line. The image is named after its content, so the same checkout and
 * base give the same name, and no build is made twice.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CommandError } from '../host/command-error.ts';
import { runCommand } from '../host/run-command.ts';
import { digestOf, listContext, writeContext } from './stage-context.ts';

/** A build copies files and loads modules; a base image that has to be pulled first takes minutes. */
const buildTimeoutMs = 600_000;

export interface BuiltImage {
  /** Such as "vase:3f9c0a7d5e21". */
  image: string;
  /** Whether the image existed already. */
  reused: boolean;
}

export interface ImageBuild {
  checkout: string;
  /** The base image: topology.images.base. */
  baseImage: string;
  /** Name without a tag; default "vase". GKE puts its registry before it. */
  repository?: string;
  /** Builds even when the image exists already. */
  anew?: boolean;
  signal?: AbortSignal;
}

/**
 * @throws CommandError when docker fails, with its output.
 * @throws ClusterError when the checkout is not fit to be packed.
 */
export async function buildImage(build: ImageBuild): Promise<BuiltImage> {
  const signal = build.signal === undefined ? {} : { signal: build.signal };
  const context = await listContext(build.checkout);
  const digest = digestOf(context);
  const image = `${build.repository ?? 'vase'}:${imageTag(digest, build.baseImage)}`;
  if (build.anew !== true && (await imageExists(image))) return { image, reused: true };
  const folder = await mkdtemp(path.join(tmpdir(), 'vase-image-'));
  try {
    await writeContext(context, folder);
    const args = ['build', '--quiet', '--tag', image];
    const values = { BASE_IMAGE: build.baseImage, CONTEXT_DIGEST: digest, SOURCE_DATE_EPOCH: '0' };
    for (const [name, value] of Object.entries(values)) args.push('--build-arg', `${name}=${value}`);
    if (build.anew === true) args.push('--no-cache');
    await runCommand('docker', [...args, folder], { timeoutMs: buildTimeoutMs, ...signal });
    return { image, reused: false };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The tag that `buildImage` gives; nothing is built. */
export async function tagOfImage({
  checkout,
  baseImage,
}: Pick<ImageBuild, 'checkout' | 'baseImage'>): Promise<string> {
  return imageTag(digestOf(await listContext(checkout)), baseImage);
}

function imageTag(contextDigest: string, baseImage: string): string {
  return createHash('sha256').update(`${contextDigest}\0${baseImage}`).digest('hex').slice(0, 12);
}

async function imageExists(image: string): Promise<boolean> {
  try {
    await runCommand('docker', ['image', 'inspect', '--format', '{{.Id}}', image]);
    return true;
  } catch (error) {
    // Docker says that there is no such image; without docker, the build itself says what is wrong.
    if (error instanceof CommandError) return false;
    throw error;
  }
}
