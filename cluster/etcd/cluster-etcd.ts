/**
 * The etcd of a cluster that has data: the release that it runs, whatever is on PATH by now. Members of two releases do not
 * understand each other for long: an older one, started on data of a newer one, has made all the others panic.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ClusterError } from '../errors.ts';
import { compareReleases } from './compare-releases.ts';
import {
  etcdsOf,
  examineEtcd,
  fetchedFolder,
  fetchEtcd,
  findEtcd,
  type EtcdBinary,
  type EtcdSearch,
} from './etcd-binary.ts';
import type { EtcdRelease } from './etcd-release.ts';

/** What a cluster runs. */
export interface ClusterEtcd {
  /** Absolute. */
  path: string;
  /** For example "3.7.3". */
  version: string;
}

/**
 * What is known of it: of a cluster whose state was written before it was recorded, the release alone may be, or the minor
 * alone ("3.7"), of which any patch will do.
 */
export type KnownEtcd = Omit<ClusterEtcd, 'path'> & { path: string | null };

/** What to do about one with known faults. */
export const wayToAnother =
  'A cluster keeps its release, for Vase does not upgrade it yet. Put etcd 3.6.16, or a newer patch of 3.6, first on PATH: ' +
  'the next new cluster runs that; `make clean` deletes this one with its data.';

/**
 * The program at the recorded path, or one of the same release elsewhere.
 * @param fetching where one that had been fetched may be fetched again; null: not at all.
 * @throws ClusterError when there is none: says where it was, what there is instead, and how to get it.
 */
export async function findClusterEtcd(
  known: KnownEtcd,
  search: EtcdSearch,
  fetching: { release: EtcdRelease; signal: AbortSignal } | null,
): Promise<EtcdBinary> {
  const recorded = known.path === null ? null : await examineEtcd(known.path);
  const others: EtcdBinary[] = [];
  if (recorded !== null && 'version' in recorded) {
    if (isOfRelease(recorded.version, known.version)) return recorded;
    others.push(recorded);
  }
  for await (const etcd of etcdsOf(search)) {
    if (!('version' in etcd)) continue;
    if (isOfRelease(etcd.version, known.version)) return etcd;
    if (etcd.path !== known.path) others.push(etcd);
  }
  const fetched = resolve(fetchedFolder(search), 'etcd');
  const canBeFetched = known.path === fetched || known.version === fetching?.release.version;
  // One that is there may be what another cluster runs.
  if (fetching !== null && canBeFetched && !existsSync(fetched)) {
    const { binary } = await fetchEtcd(search, fetching);
    if (binary?.version === known.version) return binary;
  }
  const reason =
    recorded !== null && 'reason' in recorded && existsSync(recorded.path) ? recorded.reason : null;
  throw missing(known, reason, others);
}

/** @param reason why the program that is there cannot be used; null where there is none. */
function missing(
  { path, version }: KnownEtcd,
  reason: string | null,
  others: readonly EtcdBinary[],
): ClusterError {
  const where =
    path === null
      ? 'no etcd of this release is on PATH'
      : `it was at ${path}, ${reason === null ? 'and is not there any more' : `which cannot be used: ${reason}`}`;
  const instead = others.map((etcd) => `; ${whyNot(etcd, version)}`).join('');
  return new ClusterError(`the cluster runs etcd ${version}: ${where}${instead}`, {
    nextStep:
      `Put etcd ${version} back, or a folder that holds it on PATH, and run \`make up\` again; \`vase etcd\` prints the one ` +
      'that is first. `make clean` deletes the data, and the next `make up` takes what is on PATH.',
  });
}

/**
 * A sentence where the first etcd on PATH is not of the cluster's release; null where it is, or there is none.
 * @param search where the command looks for an etcd.
 */
export async function otherOnPath(
  { path, version }: ClusterEtcd,
  search: EtcdSearch,
): Promise<string | null> {
  const { binary } = await findEtcd(search);
  if (binary === null || binary.version === version) return null;
  return `The cluster runs etcd ${version} at ${path} and goes on with it: ${whyNot(binary, version)}.`;
}

/** @param release a version, or a minor alone. */
function isOfRelease(version: string, release: string): boolean {
  return version === release || (isMinor(release) && version.startsWith(`${release}.`));
}

function isMinor(release: string): boolean {
  return /^\d+\.\d+$/.test(release);
}

/** A clause: why members of a cluster that runs `version` are not started with this one. */
function whyNot(etcd: Pick<EtcdBinary, 'path' | 'version'>, version: string): string {
  const name = `etcd ${etcd.version} at ${etcd.path}`;
  return compareReleases(etcd.version, isMinor(version) ? `${version}.0` : version) < 0
    ? `${name} is older, and an older release is never started on the data of a newer one`
    : `${name} is newer, and Vase does not upgrade the etcd of a cluster yet`;
}
