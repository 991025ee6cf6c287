/**
 * The etcd with which members of a local cluster are started: what its state records, or, for a cluster that has none yet,
 * what is on PATH. Every command, view server and keeper that starts a member finds it here.
 */
import { ClusterError } from '../../errors.ts';
import { findClusterEtcd, type KnownEtcd } from '../../etcd/cluster-etcd.ts';
import { findEtcd, obtainEtcd, type EtcdBinary } from '../../etcd/etcd-binary.ts';
import { etcdRelease } from '../../etcd/etcd-release.ts';
import type { ClusterState } from './cluster-state.ts';
import { etcdSearch, type LocalContext, type LocalSettings, type StartContext } from './local-context.ts';
import { findSeenRelease } from './seen-release.ts';
import type { StateFolder } from './state-folder.ts';

export type FoundEtcd = Pick<LocalContext, 'etcd' | 'etcdFault'>;

/**
 * A fault is for whoever starts a member: what runs goes on without one.
 * @param fetching the signal that ends the fetching of one; null: none is fetched.
 */
export async function findMemberEtcd(
  { settings, folder, state }: { settings: LocalSettings; folder: StateFolder; state: ClusterState },
  fetching: AbortSignal | null,
): Promise<FoundEtcd> {
  try {
    const known = state.etcd ?? (await findSeenRelease(folder, state));
    return { etcd: await find(known, settings, fetching) };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return { etcd: null, etcdFault: error };
  }
}

async function find(
  known: KnownEtcd | null,
  settings: LocalSettings,
  signal: AbortSignal | null,
): Promise<EtcdBinary | null> {
  const search = etcdSearch(settings);
  const fetching = signal && { release: etcdRelease, signal };
  if (known !== null) return findClusterEtcd(known, search, fetching);
  return fetching === null ? (await findEtcd(search)).binary : obtainEtcd(search, fetching);
}

/** Notes what the cluster runs from now on; the caller saves the state. */
export function recordEtcd({ state, etcd }: Pick<StartContext, 'state' | 'etcd'>): void {
  if (etcd === null || (state.etcd !== undefined && state.etcd.version !== etcd.version)) return;
  state.etcd = { path: etcd.path, version: etcd.version };
}

/**
 * What a member may be started with.
 * @throws ClusterError where there is none of the release that the cluster runs.
 */
export function demandEtcd({ state, etcd, etcdFault }: StartContext): EtcdBinary {
  if (etcdFault !== undefined) throw etcdFault;
  if (etcd === null) throw new ClusterError('etcd is not where it was', { nextStep: 'Run `make up`.' });
  // It is found before the cluster's lock is taken: another cluster may have come by then.
  if (state.etcd !== undefined && state.etcd.version !== etcd.version)
    throw new ClusterError(`the cluster runs etcd ${state.etcd.version} by now, and not ${etcd.version}`);
  return etcd;
}
