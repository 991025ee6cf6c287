/**
 * The etcd of a cluster that has data: the release that it runs, even if PATH has another one now. Members of two releases do
 * not work together for long: an older one, started on data of a newer one, has made all the others panic.
 */
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { ClusterError } from '../errors.ts';
import { compareReleases, isMinor } from './compare-releases.ts';
import { chooseEtcd } from './choose-etcd.ts';
import {
  examineEtcd,
  fetchedEtcds,
  fetchedFolder,
  namedEtcd,
  ownEtcds,
  programAt,
  type EtcdBinary,
  type EtcdSearch,
  type RejectedEtcd,
} from './etcd-binary.ts';
import { obtainPackage, obtainRelease, type ObtainOptions } from './obtain-release.ts';
import { defaultMinor, releases, releasesFor } from './releases.ts';

/** What a cluster runs. */
export interface ClusterEtcd {
  /** Absolute. */
  path: string;
  /** For example "3.7.3". */
  version: string;
}

/**
 * What is known of a cluster's etcd: if the state is older than this record, only the release may be known, or only the
 * minor ("3.7"), of which any patch will do.
 */
export type KnownEtcd = Omit<ClusterEtcd, 'path'> & { path: string | null };

/** What to do about a release with known faults. */
export const wayToAnother = `A cluster keeps its release, for Vase does not upgrade it yet. \`make clean\` deletes it with its data, and the next \`make up\` takes etcd ${defaultMinor} without them, where it can be had.`;

/**
 * The program at the recorded path, or one of the same release elsewhere.
 * @param fetching allows to fetch or build again one that Vase had fetched or built; null: neither.
 * @throws ClusterError when there is none: it says where it was, which ones exist instead, and how to get it.
 */
export async function findClusterEtcd(
  known: KnownEtcd,
  search: EtcdSearch,
  fetching: ObtainOptions | null,
): Promise<EtcdBinary> {
  const recorded = known.path === null ? null : await examineEtcd(known.path);
  const others: EtcdBinary[] = [];
  if (recorded !== null && 'version' in recorded) {
    if (isOfRelease(recorded.version, known.version)) return recorded;
    others.push(recorded);
  }
  for await (const etcd of allEtcds(search)) {
    if (!('version' in etcd)) continue;
    if (isOfRelease(etcd.version, known.version)) return etcd;
    if (others.every(({ path }) => path !== etcd.path)) others.push(etcd);
  }
  if (fetching !== null && known.path?.startsWith(fetchedFolder(search) + sep)) {
    const exact = releases.filter(({ version }) => version === known.version);
    const { binary } =
      exact.length > 0
        ? await obtainRelease(exact, search, fetching)
        : await obtainPackage(search, fetching, known.version);
    if (binary !== null) return binary;
  }
  const reason =
    recorded !== null && 'reason' in recorded && existsSync(recorded.path) ? recorded.reason : null;
  throw missing(known, reason, others);
}

/** All etcds, in the order in which an existing cluster looks at them. */
async function* allEtcds(search: EtcdSearch): AsyncGenerator<EtcdBinary | RejectedEtcd> {
  if (search.named) yield examineEtcd(programAt(search.named));
  yield* ownEtcds(search);
  yield* fetchedEtcds(search);
}

/** @param reason why the program at the path cannot be used; null when there is none. */
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
  const way =
    releasesFor(version).length > 0
      ? `Run \`vase etcd ${version}\`, which fetches or builds it, and then \`make up\` again; or put it back, or a folder that holds it on PATH. `
      : `Put etcd ${version} back, or a folder that holds it on PATH, and run \`make up\` again. `;
  return new ClusterError(`the cluster runs etcd ${version}: ${where}${instead}`, {
    nextStep: `${way}\`make clean\` deletes the data, and the next \`make up\` chooses anew.`,
  });
}

/**
 * A sentence when a new cluster would run another release; null when it would not, or would have to fetch one.
 * @param search where the command looks for an etcd.
 */
export async function otherForNew(
  { path, version }: ClusterEtcd,
  search: EtcdSearch,
): Promise<string | null> {
  const { binary } = await chooseEtcd({ ...search, named: '' });
  if (binary === null || binary.version === version) return null;
  return `The cluster runs etcd ${version} at ${path} and goes on with it: ${whyNot(binary, version)}.`;
}

/**
 * @throws ClusterError when VASE_ETCD names an etcd of another release than the cluster runs: that needs an upgrade, which Vase
 *   does not have yet.
 */
export async function refuseOtherNamed(version: string, search: EtcdSearch): Promise<void> {
  const named = await namedEtcd(search);
  if (named === null || named.version === version) return;
  throw new ClusterError(
    `VASE_ETCD names another etcd than the cluster runs, ${version}: ${whyNot(named, version)}`,
    {
      nextStep:
        'Run `make up` without VASE_ETCD: the cluster goes on with its own release. `make clean` deletes it with its data, and ' +
        'the next new cluster runs what VASE_ETCD names.',
    },
  );
}

/** @param release a version, or a minor alone. */
function isOfRelease(version: string, release: string): boolean {
  return version === release || (isMinor(release) && version.startsWith(`${release}.`));
}

/** A clause: why members of a cluster that runs `version` are not started with this one. */
function whyNot(etcd: Pick<EtcdBinary, 'path' | 'version'>, version: string): string {
  const name = `etcd ${etcd.version} at ${etcd.path}`;
  return compareReleases(etcd.version, isMinor(version) ? `${version}.0` : version) < 0
    ? `${name} is older, and an older release is never started on the data of a newer one`
    : `${name} is newer, and Vase does not upgrade the etcd of a cluster yet`;
}
