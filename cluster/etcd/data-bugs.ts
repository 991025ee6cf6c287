/**
 * etcd's own bugs that touch what Vase relies on, and the patch of each minor that fixed them: from etcd's record in
 * tests/robustness/README.md and its change logs. The list has only bugs of released versions that a newer patch has fixed.
 */
import { compareReleases, minorOf } from './compare-releases.ts';

interface DataBug {
  /** The issue in github.com/etcd-io/etcd; null when only the change log names the bug. */
  issue: number | null;
  /** A clause: what happens. */
  what: string;
  /** The first affected version, by minor; a minor without an entry never had the bug in a release. */
  since?: Readonly<Record<string, string>>;
  fixedIn: Readonly<Record<string, string>>;
}

const dataBugs: readonly DataBug[] = [
  {
    issue: 20418,
    what: 'a linearizable read can be stale after a process was paused',
    since: { '3.4': '3.4.20' },
    fixedIn: { '3.4': '3.4.42', '3.5': '3.5.28', '3.6': '3.6.9' },
  },
  {
    issue: 17529,
    what: 'a watch can lose events after a compaction',
    fixedIn: { '3.4': '3.4.31', '3.5': '3.5.13' },
  },
  {
    issue: 19179,
    what: 'a watch opened at the revision of a compaction can lose a deletion',
    fixedIn: { '3.4': '3.4.36', '3.5': '3.5.18' },
  },
  {
    issue: 15271,
    what: 'a watch can go back in time when its member takes a snapshot',
    fixedIn: { '3.4': '3.4.25', '3.5': '3.5.8' },
  },
  {
    issue: null,
    what: 'a watch can tell an event twice',
    fixedIn: { '3.4': '3.4.24', '3.5': '3.5.8' },
  },
  {
    issue: 15220,
    what: "a watch's progress can be told before its events",
    fixedIn: { '3.4': '3.4.25', '3.5': '3.5.8' },
  },
  {
    issue: 20221,
    what: 'a watch of a future revision can tell old events',
    fixedIn: { '3.4': '3.4.38', '3.5': '3.5.22', '3.6': '3.6.2' },
  },
  {
    issue: 14370,
    what: 'a cluster of one member can lose an acknowledged write when it crashes',
    fixedIn: { '3.4': '3.4.21', '3.5': '3.5.5' },
  },
  {
    issue: 13766,
    what: "members' data can differ after a crash under high load",
    fixedIn: { '3.5': '3.5.3' },
  },
  {
    issue: 14685,
    what: "members' data can differ after a crash during a defragmentation",
    fixedIn: { '3.5': '3.5.6' },
  },
];

/** The minors that etcd's maintainers still fix; 3.4 reached its end of life in June 2026. */
const supportedMinors = ['3.5', '3.6', '3.7'] as const;

/** @param version for example "3.5.27". */
export function dataBugsOf(version: string): DataBug[] {
  const minor = minorOf(version);
  return dataBugs.filter(({ since, fixedIn }) => {
    const [first, fixed] = [since?.[minor], fixedIn[minor]];
    if (fixed === undefined || compareReleases(version, fixed) >= 0) return false;
    return first === undefined || compareReleases(version, first) >= 0;
  });
}

/** Whether etcd's maintainers still fix its minor. */
export function isSupported(version: string): boolean {
  return supportedMinors.some((minor) => minor === minorOf(version));
}

/** Supported, and without a known bug that touches data: a new cluster may run it unasked. */
export function isSound(version: string): boolean {
  return isSupported(version) && dataBugsOf(version).length === 0;
}

/** A sentence for the operator of this release; null when it has no known bug. */
export function describeDataBugs(version: string): string | null {
  const reasons = [
    ...supportFaults(version),
    ...dataBugsOf(version).map(({ issue, what }) => `${what}${issue === null ? '' : ` (etcd #${issue})`}`),
  ];
  return reasons.length === 0 ? null : `etcd ${version} has known faults: ${reasons.join('; ')}.`;
}

function supportFaults(version: string): string[] {
  if (isSupported(version)) return [];
  const isNewer = compareReleases(version, `${supportedMinors.at(-1)}.0`) > 0;
  return isNewer
    ? [`Vase does not know ${minorOf(version)} yet`]
    : [`etcd's maintainers do not support ${minorOf(version)}`];
}

/**
 * A note on each release that runs and has bugs, and what to do.
 * @param versions of all members, repetitions allowed; undefined and null: not known.
 * @param cure a sentence.
 */
export function dataBugNotes(versions: readonly (string | null | undefined)[], cure: string): string[] {
  const known = new Set(versions.filter((version) => version !== null && version !== undefined));
  return [...known].flatMap((version) => {
    const bugs = describeDataBugs(version);
    return bugs === null ? [] : [`${bugs} ${cure}`];
  });
}
