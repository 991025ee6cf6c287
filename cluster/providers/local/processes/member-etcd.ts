/**
 * The etcd with which members of a local cluster are started: the one that its state records, or, for a cluster that records
 * none yet, the one that Vase chooses. Every command, view server and keeper that starts a member finds it here.
 */
import { ClusterError } from '../../../errors.ts';
import { findClusterEtcd, type KnownEtcd } from '../../../etcd/cluster-etcd.ts';
import { compareReleases } from '../../../etcd/compare-releases.ts';
import { readDataRelease, refuseNewerData } from '../../../etcd/data-release.ts';
import { chooseEtcd, obtainEtcd } from '../../../etcd/choose-etcd.ts';
import { etcdSearch, type EtcdBinary } from '../../../etcd/etcd-binary.ts';
import type { ObtainOptions } from '../../../etcd/obtain-release.ts';
import { membersOf, type ClusterState } from '../state/cluster-state.ts';
import type { LocalContext, LocalSettings, StartContext } from '../state/local-context.ts';
import { findSeenRelease } from './seen-release.ts';
import { dataFolderOf, type StateFolder } from '../../../state/state-folder.ts';

export type FoundEtcd = Pick<LocalContext, 'etcd' | 'etcdWhy' | 'etcdFault'>;

/**
 * The caller that starts a member throws the fault: running members need no etcd.
 * @param fetching how one may be fetched or built; null: none is.
 */
export async function findMemberEtcd(
  { settings, folder, state }: { settings: LocalSettings; folder: StateFolder; state: ClusterState },
  fetching: ObtainOptions | null,
): Promise<FoundEtcd> {
  try {
    const data = newestData(folder, state);
    const seen = state.etcd ?? newerOf(await findSeenRelease(folder, state), data);
    const found = await find(seen, settings, fetching);
    if (found.etcd !== null) refuseNewerData(found.etcd, data);
    return found;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { etcd: null, etcdFault: error };
  }
}

/** The newest minor release that wrote any member's data; null where no data show it. */
function newestData(folder: StateFolder, state: ClusterState): string | null {
  const releases = membersOf(state).flatMap(({ name }) => readDataRelease(dataFolderOf(folder, name)) ?? []);
  return releases.toSorted((a, b) => compareReleases(`${b}.0`, `${a}.0`))[0] ?? null;
}

/** When the patch release of the data is not known, any patch of their minor will do. */
function newerOf(seen: KnownEtcd | null, data: string | null): KnownEtcd | null {
  if (data === null || (seen !== null && compareReleases(seen.version, `${data}.0`) >= 0)) return seen;
  return { version: data, path: null };
}

async function find(
  known: KnownEtcd | null,
  settings: LocalSettings,
  fetching: ObtainOptions | null,
): Promise<FoundEtcd> {
  const search = etcdSearch(settings);
  if (known !== null) return { etcd: await findClusterEtcd(known, search, fetching) };
  if (fetching !== null) {
    const { binary, why } = await obtainEtcd(search, fetching);
    return { etcd: binary, etcdWhy: why };
  }
  const choice = await chooseEtcd(search);
  return { etcd: choice.binary ?? choice.lastResort };
}

/** Records the cluster's etcd from now on; the caller saves the state. */
export function recordEtcd({ state, etcd }: Pick<StartContext, 'state' | 'etcd'>): void {
  if (etcd === null || (state.etcd !== undefined && state.etcd.version !== etcd.version)) return;
  state.etcd = { path: etcd.path, version: etcd.version };
}

/**
 * The etcd with which a member may be started.
 * @throws ClusterError where there is none of the release that the cluster runs.
 */
export function demandEtcd({ state, etcd, etcdFault }: StartContext): EtcdBinary {
  if (etcdFault !== undefined) throw etcdFault;
  if (etcd === null) throw new ClusterError('etcd is not where it was', { nextStep: 'Run `make up`.' });
  // It was found before the cluster's lock was taken: another cluster may have been made since.
  if (state.etcd !== undefined && state.etcd.version !== etcd.version)
    throw new ClusterError(`the cluster runs etcd ${state.etcd.version} by now, and not ${etcd.version}`);
  return etcd;
}
