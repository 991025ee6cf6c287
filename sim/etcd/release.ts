/**
 * The releases of etcd that people run, and where they differ in what Vase uses. The simulated member follows its release;
 * the contract tests hold it to real builds of all four (3.4.23, 3.5.33, 3.6.16 and 3.7.3).
 *
 *     | what                                                            | 3.4   | 3.5   | 3.6   | 3.7   |
 *     |-----------------------------------------------------------------|-------|-------|-------|-------|
 *     | A transaction is refused for the lease of a put before it is    | yes   | yes   | no    | no    |
 *     | refused for the revision of a range, wherever they stand in it; |       |       |       |       |
 *     | if not, for the first of its operations that cannot be done     |       |       |       |       |
 *     | A watch from the revision of the last compaction sees the       | no    | yes   | yes   | yes   |
 *     | deletions of that revision (change 18274: from 3.4.36, 3.5.18)  |       |       |       |       |
 *     | A range of keys only tells their leases; if not, they are 0     | yes   | yes   | yes   | no    |
 *     | (unless it is sorted by value)                                  |       |       |       |       |
 *     | A watch from a future revision is told of progress before that  | yes   | no    | no    | no    |
 *     | revision (change 20221: until 3.4.38, 3.5.22, 3.6.2)            |       |       |       |       |
 *     | A full shard refuses puts of nested transactions                | no    | yes   | yes   | yes   |
 *
 * The texts and codes of errors, leases, status and the bounds on requests are the same in all four.
 *
 * Known and not followed: from 3.5 on, the reply that a watch has been created may bear a later revision than the one after
 * which its events begin; from 3.5 on, a leader that stood still asks the others before it renews a lease. The errors of
 * single patches are not followed either, but planted as seeded bugs (docs/simulator.md lists them).
 */

export const releaseNames = ['3.4', '3.5', '3.6', '3.7'] as const;
export type ReleaseName = (typeof releaseNames)[number];

export interface Release {
  /** The version that is followed, as its status reports it. */
  version: string;
  checksLeasesFirst: boolean;
  compactionKeepsDeletions: boolean;
  keysOnlyTellsLeases: boolean;
  futureWatchesHearProgress: boolean;
  countsNestedPuts: boolean;
  /** Its status names the quota. */
  saysQuota: boolean;
}

export const releases: Readonly<Record<ReleaseName, Release>> = {
  '3.4': {
    version: '3.4.23',
    checksLeasesFirst: true,
    compactionKeepsDeletions: false,
    keysOnlyTellsLeases: true,
    futureWatchesHearProgress: true,
    countsNestedPuts: false,
    saysQuota: false,
  },
  '3.5': {
    version: '3.5.33',
    checksLeasesFirst: true,
    compactionKeepsDeletions: true,
    keysOnlyTellsLeases: true,
    futureWatchesHearProgress: false,
    countsNestedPuts: true,
    saysQuota: false,
  },
  '3.6': {
    version: '3.6.16',
    checksLeasesFirst: false,
    compactionKeepsDeletions: true,
    keysOnlyTellsLeases: true,
    futureWatchesHearProgress: false,
    countsNestedPuts: true,
    saysQuota: true,
  },
  '3.7': {
    version: '3.7.3',
    checksLeasesFirst: false,
    compactionKeepsDeletions: true,
    keysOnlyTellsLeases: false,
    futureWatchesHearProgress: false,
    countsNestedPuts: true,
    saysQuota: true,
  },
};
