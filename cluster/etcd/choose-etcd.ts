/**
 * The one place that decides which etcd a new cluster runs: the one that VASE_ETCD names; else the first on PATH that etcd's
 * maintainers support and that has no known bug which touches data; else one that was fetched or built before; else the
 * pinned archive, or the same minor built with Go. Only when it gets none of these does it take one with known faults: that
 * on PATH, or the distribution's.
 */
import { ClusterError } from '../errors.ts';
import { describeDataBugs, isSound } from './data-bugs.ts';
import { fetchedEtcds, namedEtcd, ownEtcds, type EtcdBinary, type EtcdSearch } from './etcd-binary.ts';
import { findFetched, obtainPackage, obtainRelease, type ObtainOptions } from './obtain-release.ts';
import { defaultMinor, releasesFor } from './releases.ts';

export interface ChosenEtcd {
  binary: EtcdBinary;
  /** A clause. */
  why: string;
  /** Why each rejected etcd was not taken, a sentence for each. */
  passedOver: string[];
}

/** What a machine has. */
export type Choice =
  | ChosenEtcd
  /** One has to be fetched or built; `lastResort` can be run when that fails. */
  | { binary: null; passedOver: string[]; lastResort: EtcdBinary | null };

/** Chooses among the etcds on the machine; nothing is fetched. @throws ClusterError when the one that VASE_ETCD names is unusable. */
export async function chooseEtcd(search: EtcdSearch): Promise<Choice> {
  const named = await namedEtcd(search);
  if (named !== null) return { binary: named, why: 'VASE_ETCD names it', passedOver: [] };
  const passedOver: string[] = [];
  let lastResort: EtcdBinary | null = null;
  for await (const etcd of ownEtcds(search)) {
    if ('version' in etcd && isSound(etcd.version))
      return { binary: etcd, why: 'it is supported and without known faults', passedOver };
    if ('version' in etcd) lastResort ??= etcd;
    passedOver.push(
      'version' in etcd
        ? `${etcd.path}: ${describeDataBugs(etcd.version)}`
        : `${etcd.path}: ${etcd.reason.split('\n')[0]}.`,
    );
  }
  for (const { version } of releasesFor(defaultMinor)) {
    const binary = await findFetched(search, version);
    if (binary !== null) return { binary, why: 'it was fetched or built before', passedOver };
  }
  return { binary: null, passedOver, lastResort };
}

/**
 * The etcd that a new cluster runs, fetched or built if need be.
 * @throws ClusterError when there is none and none can be fetched or built; it says what was tried. The signal's reason.
 */
export async function obtainEtcd(search: EtcdSearch, options: ObtainOptions): Promise<ChosenEtcd> {
  const choice = await chooseEtcd(search);
  if (choice.binary !== null) return choice;
  const { passedOver, lastResort } = choice;
  const obtained = await obtainRelease(releasesFor(defaultMinor), search, options);
  const failures = [...obtained.failures];
  if (obtained.binary !== null)
    return { binary: obtained.binary, why: 'it has just been fetched or built', passedOver };
  const withFaults: EtcdBinary[] = lastResort === null ? [] : [lastResort];
  for await (const etcd of fetchedEtcds(search)) {
    if (!('version' in etcd)) continue;
    const why = `no etcd ${defaultMinor} could be had (${failures.join('; ')})`;
    if (isSound(etcd.version)) return { binary: etcd, why, passedOver };
    withFaults.push(etcd);
  }
  if (withFaults.length === 0) {
    const distribution = await obtainPackage(search, options);
    failures.push(...distribution.failures);
    if (distribution.binary !== null) withFaults.push(distribution.binary);
  }
  const [binary] = withFaults;
  if (binary !== undefined)
    return { binary, why: `none without known faults could be had (${failures.join('; ')})`, passedOver };
  throw new ClusterError(
    `no etcd was found and none could be had:\n  ${[...passedOver, ...failures].join('\n  ')}`,
    {
      nextStep: `Install etcd ${defaultMinor} on PATH, or Go, with which Vase builds it, or name one: VASE_ETCD=/path/to/etcd.`,
    },
  );
}
