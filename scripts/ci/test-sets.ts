/**
 * Which tests `make test` runs within six minutes on two cores, and which it leaves to `make test-all`. A new file of the unit,
 * property and contract tests belongs to `make test`, a new e2e file to the rest, unless it is named here with the reason.
 */

export const projects = ['unit', 'property', 'contract', 'e2e'] as const;

/** Quick: `make test`. Rest: the tests that `make test` leaves. All: both, `make test-all`. */
const sets = ['quick', 'rest', 'all'] as const;
export type TestSet = (typeof sets)[number];

export function isTestSet(text: string | undefined): text is TestSet {
  return sets.some((set) => set === text);
}

/** The e2e files of `make test`: those for a user's first steps, and those that cover much in a short time. */
export const quickE2e: Readonly<Record<string, string>> = {
  'test/e2e/readme.test.ts': "every command of the README, on the README's cluster",
  'test/e2e/local-cluster.test.ts':
    'up, status, down, clean and what they mend, on two shards of three members',
  'test/e2e/local-interrupt.test.ts': 'Ctrl-C, crashes and two commands at once',
  'test/e2e/local-keeper.test.ts': 'processes that end are started again',
  'test/e2e/local-refusals.test.ts': 'every wrong use of up',
  'test/e2e/local-owners.test.ts': 'who may read what a cluster keeps',
  'test/e2e/kind-refusals.test.ts': 'what kind needs of the machine, without kind',
  'test/e2e/cli-store.test.ts': 'get, put and del of the command line',
  'test/e2e/cli-sim.test.ts': 'sim and check of the command line',
  'test/e2e/check-html.test.ts': "the checker's drawing, in a browser",
  'test/e2e/etcd-command.test.ts': 'which etcd is taken',
  'test/e2e/http-rules.test.ts': 'every rule of HTTP: 311 tests in 5 s',
  'test/e2e/sharder-http.test.ts': 'the interface of users, on a real sharder',
  'test/e2e/sharder-malformed.test.ts': 'requests that break the rules',
  'test/e2e/sharder-identity.test.ts': 'a sharder that meets a member of another shard',
  'test/e2e/sharder-indefinite.test.ts': 'outcomes that nobody knows',
  'test/e2e/sharder-faults.test.ts': 'members that stop, are killed and come back',
  'test/e2e/sharder-metrics.test.ts': 'what operators measure',
  'test/e2e/bench-report.test.ts': "the benchmark's report",
};

/** Files of the other projects that take minutes, and why. */
export const slow: Readonly<Record<string, string>> = {
  'test/property/seeded-bugs.test.ts': 'a search for each planted bug',
  'test/property/unsound-watches.test.ts': 'scenarios for each watch of etcd that does not tell all',
  'test/property/protocol-model.test.ts': 'every state of the protocol, and of each broken variant',
};

/** Files of which `make test` runs one part and the rest runs the other: VASE_TEST_SET tells them which. */
export const parted: Readonly<Record<string, { quick: string; rest: string }>> = {
  'test/contract/data-release.test.ts': { quick: 'the etcd that is used', rest: 'every other release' },
  'test/contract/etcd-contract.test.ts': { quick: 'the etcd that is used', rest: 'every other release' },
  'test/contract/full-contract.test.ts': { quick: 'the etcd that is used', rest: 'every other release' },
  'test/contract/lease-contract.test.ts': { quick: 'the etcd that is used', rest: 'every other release' },
  'test/contract/progress-contract.test.ts': { quick: 'the etcd that is used', rest: 'every other release' },
  'test/property/simulator.test.ts': { quick: '200 scenarios', rest: '1,800 other scenarios' },
};

/** Whether a run of this set has the file, whole or a part of it. */
export function isIn(set: TestSet, file: string): boolean {
  if (set === 'all' || file in parted) return true;
  const isQuick = file.startsWith('test/e2e/') ? file in quickE2e : !(file in slow);
  return isQuick === (set === 'quick');
}

/**
 * The two lanes that run beside each other. Clusters: the e2e files, one at a time, because each brings up a cluster of
 * processes. Others: all other files, and the e2e files without a cluster.
 */
export const laneNames = ['clusters', 'others'] as const;
export type LaneName = (typeof laneNames)[number];

/** The e2e files that start no cluster of processes: they use stand-ins for the cloud's programs, images, or only read a source. */
export const withoutCluster: readonly string[] = [
  'test/e2e/gke-dead-shard.test.ts',
  'test/e2e/gke-flow.test.ts',
  'test/e2e/gke-gcloud-flags.test.ts',
  'test/e2e/image-etcd.test.ts',
  'test/e2e/image-vase.test.ts',
  'test/e2e/mutate.test.ts',
];

export function laneOf(file: string): LaneName {
  return file.startsWith('test/e2e/') && !withoutCluster.includes(file) ? 'clusters' : 'others';
}

/** The lines that end `make test`: how much it left to `make test-all`, and which files. */
export function describeRest(files: readonly string[]): string[] {
  const left = files.filter((file) => isIn('rest', file));
  const byWhat = new Map<string, string[]>();
  for (const file of left) {
    const [, project, name] = /^test\/([^/]+)\/(.*)\.test\.ts$/.exec(file)!;
    const what = file in parted ? `${project}, ${parted[file]!.rest}` : project!;
    byWhat.set(what, [...(byWhat.get(what) ?? []), name!]);
  }
  return [
    `\`make test-all\` has ${left.length} more files of ${files.length}:`,
    ...[...byWhat].map(([what, names]) => `  ${what}: ${names.join(', ')}`),
  ];
}
