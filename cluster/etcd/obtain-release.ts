/**
 * Gets a release of etcd from outside and keeps it in the folder for binaries, in `fetched/VERSION/etcd`: it is fetched or built
 * once for all clusters of the checkout. A program is kept only if it says that it is that release, and a failed or interrupted
 * try leaves no files behind.
 */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildRelease } from './build-release.ts';
import {
  examineEtcd,
  fetchedFolder,
  fetchedPath,
  isExecutable,
  type EtcdBinary,
  type EtcdSearch,
} from './etcd-binary.ts';
import { fetchPackage } from './fetch-package.ts';
import { fetchRelease } from './fetch-release.ts';
import type { EtcdRelease } from './releases.ts';

export interface ObtainOptions {
  signal: AbortSignal;
  /** Hears what is being tried, and what failed. */
  progress?: ((text: string) => void) | undefined;
  /** Default: this machine's, as in `EtcdRelease.archives`. */
  platform?: string;
}

/** `binary` is null when no try succeeded; `failures` say why, a clause for each try. */
export interface Obtained {
  binary: EtcdBinary | null;
  failures: string[];
}

/** An older work folder is left from a killed command: no command takes so long. */
const workFolderMsMax = 2 * 3_600_000;

/**
 * The first of these releases that is on the machine; else the first archive that can be fetched; else the first that can be built.
 * @throws the signal's reason.
 */
export async function obtainRelease(
  candidates: readonly EtcdRelease[],
  search: EtcdSearch,
  options: ObtainOptions,
): Promise<Obtained> {
  for (const { version } of candidates) {
    const there = await findFetched(search, version);
    if (there !== null) return { binary: there, failures: [] };
  }
  const { platform = `${process.platform}-${process.arch}`, progress } = options;
  const archives = candidates.flatMap(({ version, archives: all }) => {
    const archive = all[platform];
    return archive === undefined
      ? []
      : [
          {
            version,
            name: `etcd ${version} from its release page`,
            get: (workFolder: string) => fetchRelease(archive, { workFolder, signal: options.signal }),
          },
        ];
  });
  const builds = candidates.flatMap(({ version, module }) => {
    const name = `etcd ${version} built with Go`;
    const tell = (text: string) => progress?.(`${name}: ${text}`);
    return module === null
      ? []
      : [
          {
            version,
            name,
            get: (workFolder: string) =>
              buildRelease(module, { workFolder, signal: options.signal, progress: tell }),
          },
        ];
  });
  const sources = [...archives, ...builds];
  if (sources.length > 0) return tryEach(sources, search, options);
  const names = candidates.map(({ version }) => version).join(', ');
  return { binary: null, failures: [`no archive of etcd ${names} is pinned for ${platform}`] };
}

/** The distribution's package, of any release; with `version`, of that release alone. @throws the signal's reason. */
export async function obtainPackage(
  search: EtcdSearch,
  options: ObtainOptions,
  version: string | null = null,
): Promise<Obtained> {
  const get = (workFolder: string) => fetchPackage({ workFolder, signal: options.signal });
  return tryEach([{ version, name: "the distribution's package etcd-server", get }], search, options);
}

/** An etcd of this version that was fetched or built before. */
export async function findFetched(search: EtcdSearch, version: string): Promise<EtcdBinary | null> {
  const path = fetchedPath(search, version);
  if (!isExecutable(path)) return null;
  const examined = await examineEtcd(path);
  return 'version' in examined && examined.version === version ? examined : null;
}

interface Source {
  /** The version that it must have; null: any. */
  version: string | null;
  name: string;
  get: (workFolder: string) => Promise<string>;
}

async function tryEach(
  sources: readonly Source[],
  search: EtcdSearch,
  { signal, progress }: ObtainOptions,
): Promise<Obtained> {
  const failures: string[] = [];
  for (const source of sources) {
    signal.throwIfAborted();
    progress?.(`getting ${source.name}`);
    try {
      return { binary: await install(source, search), failures };
    } catch (error) {
      signal.throwIfAborted();
      const failure = `${source.name}: ${(error as Error).message.split('\n')[0]}`;
      failures.push(failure);
      progress?.(failure);
    }
  }
  return { binary: null, failures };
}

async function install({ version, get }: Source, search: EtcdSearch): Promise<EtcdBinary> {
  const folder = fetchedFolder(search);
  mkdirSync(folder, { recursive: true });
  deleteLeftovers(folder);
  const workFolder = mkdtempSync(join(folder, '.fetch-'));
  try {
    const made = await get(workFolder);
    const examined = await examineEtcd(made);
    if (!('version' in examined)) throw new Error(examined.reason);
    if (version !== null && examined.version !== version)
      throw new Error(`says that it is etcd ${examined.version}, not ${version}`);
    const path = fetchedPath(search, examined.version);
    mkdirSync(join(folder, examined.version), { recursive: true });
    renameSync(made, path);
    return { ...examined, path };
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

function deleteLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('.fetch-'))) {
    const path = join(folder, name);
    const changedMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - changedMs > workFolderMsMax) rmSync(path, { recursive: true, force: true });
  }
}
