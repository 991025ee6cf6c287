/**
 * The real etcds of the contract tests: one of each release that people run. They are looked for in the folders of
 * VASE_ETCD_RELEASES ("folder:folder"), or without it in those that ../shared/etcd/build and Vase itself make, then in VASE_ETCD
 * and on PATH; the first one of a release counts. test/contract/releases.test.ts names the missing ones.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { programAt } from '../../cluster/etcd/etcd-binary.ts';
import { type ReleaseName, releaseNames } from '../../sim/etcd/release.ts';

export interface FoundEtcd {
  release: ReleaseName;
  /** For example "3.5.33". */
  version: string;
  /** The program. */
  path: string;
}

const buildsFolders = [
  '/var/tmp/etcd-builds',
  join(import.meta.dirname, '..', '..', '.vase', 'bin', 'fetched'),
];

/** @throws Error that names a folder of VASE_ETCD_RELEASES without an etcd of a release that Vase knows. */
export function findEtcds(environment: NodeJS.ProcessEnv): ReadonlyMap<ReleaseName, FoundEtcd> {
  const found = new Map<ReleaseName, FoundEtcd>();
  const named = foldersIn(environment['VASE_ETCD_RELEASES']);
  const chosen = environment['VASE_ETCD'] ? [environment['VASE_ETCD']] : [];
  for (const folder of [...(named ?? builtFolders()), ...chosen, ...(foldersIn(environment['PATH']) ?? [])]) {
    const etcd = examine(programAt(folder));
    if (etcd !== null && !found.has(etcd.release)) found.set(etcd.release, etcd);
    if (etcd === null && named?.includes(folder))
      throw new Error(`VASE_ETCD_RELEASES: ${folder} has no etcd of ${releaseNames.join(', ')}`);
  }
  return new Map([...found].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * The etcds of this run: all; or, where `make test` runs a part, the release that VASE_ETCD names, and the others where the
 * rest is run (VASE_TEST_SET, scripts/ci/test-sets.ts).
 */
export function etcdsOfThisRun(environment: NodeJS.ProcessEnv): FoundEtcd[] {
  const found = [...findEtcds(environment).values()];
  const set = environment['VASE_TEST_SET'];
  if (set !== 'quick' && set !== 'rest') return found;
  const used = examine(programAt(environment['VASE_ETCD'] ?? ''));
  if (used === null) throw new Error(`VASE_ETCD names no etcd of ${releaseNames.join(', ')}`);
  return found.filter(({ release }) => (release === used.release) === (set === 'quick'));
}

function foldersIn(path: string | undefined): readonly string[] | null {
  return path === undefined || path === '' ? null : path.split(delimiter).filter((folder) => folder !== '');
}

function builtFolders(): readonly string[] {
  return buildsFolders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
}

function examine(path: string): FoundEtcd | null {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return null;
  }
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  const version = /^etcd Version: (\S+)$/m.exec(stdout ?? '')?.[1];
  const release = releaseNames.find((name) => version?.startsWith(`${name}.`));
  return version === undefined || release === undefined ? null : { release, version, path };
}
