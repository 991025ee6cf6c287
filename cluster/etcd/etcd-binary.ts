/**
 * Finds an etcd that Vase can run: on PATH, then in `.vase/bin`, and where there is none fetches one into the latter. What an etcd can do is asked of itself, never guessed from its version.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ClusterError } from '../errors.ts';
import { runCommand } from '../run-command.ts';
import type { EtcdRelease } from './etcd-release.ts';
import { fetchPackage } from './fetch-package.ts';
import { fetchRelease } from './fetch-release.ts';

export interface EtcdBinary {
  /** Absolute. */
  path: string;
  /** For example "3.4.23". */
  version: string;
  /** The command-line flags that it knows, with their dashes. */
  flags: ReadonlySet<string>;
}

export interface EtcdSearch {
  /** The PATH to search, in the system's notation. */
  searchPath: string;
  /** Where the user may have put one; a fetched one goes into its folder `fetched`. */
  binaries: string;
}

/** Holds nothing but what was fetched, so that it can be deleted without a loss. */
export function fetchedFolder(search: Pick<EtcdSearch, 'binaries'>): string {
  return join(search.binaries, 'fetched');
}

/** An etcd that was found but cannot be used, and why. */
export interface RejectedEtcd {
  path: string;
  reason: string;
}

const oldestVersion = [3, 4] as const;
const askTimeoutMs = 20_000;

/** The first usable etcd on PATH or in the folder for binaries; `binary` is null when there is none. */
export async function findEtcd(
  search: EtcdSearch,
): Promise<{ binary: EtcdBinary | null; rejected: RejectedEtcd[] }> {
  const rejected: RejectedEtcd[] = [];
  for await (const examined of etcdsOf(search)) {
    if ('version' in examined) return { binary: examined, rejected };
    rejected.push(examined);
  }
  return { binary: null, rejected };
}

/** Every etcd on PATH and then in the folders for binaries, in the order in which they count; also those that cannot be used. */
export async function* etcdsOf(search: EtcdSearch): AsyncGenerator<EtcdBinary | RejectedEtcd> {
  const folders = [
    ...search.searchPath.split(delimiter).filter((folder) => folder !== ''),
    search.binaries,
    fetchedFolder(search),
  ];
  for (const path of new Set(folders.map((folder) => resolve(folder, 'etcd'))))
    if (isExecutable(path)) yield examineEtcd(path);
}

/**
 * The etcd to run, fetched if need be.
 * @param progress is told what is being tried, in a few words.
 * @throws ClusterError when none was found and none could be fetched; says what was tried.
 */
export async function obtainEtcd(
  search: EtcdSearch,
  options: { release: EtcdRelease; signal: AbortSignal; progress?: (text: string) => void },
): Promise<EtcdBinary> {
  const { binary, rejected } = await findEtcd(search);
  if (binary !== null) return binary;
  const fetched = await fetchEtcd(search, options);
  if (fetched.binary !== null) return fetched.binary;
  const failures = [...rejected.map((etcd) => `${etcd.path}: ${etcd.reason}`), ...fetched.failures];
  throw new ClusterError(`no etcd was found and none could be fetched:\n  ${failures.join('\n  ')}`, {
    nextStep: `Install etcd ${oldestVersion.join('.')} or newer on PATH, or put the program at ${join(search.binaries, 'etcd')}.`,
  });
}

/** Fetches one; `binary` is null where none can be had, and `failures` say why. @throws the signal's reason. */
export async function fetchEtcd(
  search: EtcdSearch,
  options: { release: EtcdRelease; signal: AbortSignal; progress?: (text: string) => void },
): Promise<{ binary: EtcdBinary | null; failures: string[] }> {
  const failures: string[] = [];
  const sources = [
    { name: `etcd ${options.release.version} from its release page`, fetch: fetchRelease },
    { name: "the distribution's package etcd-server", fetch: fetchPackage },
  ];
  for (const source of sources) {
    options.signal.throwIfAborted();
    options.progress?.(`fetching ${source.name}`);
    try {
      const path = await source.fetch({
        release: options.release,
        folder: fetchedFolder(search),
        signal: options.signal,
      });
      const examined = await examineEtcd(path);
      if ('version' in examined) return { binary: examined, failures };
      failures.push(`${source.name}: ${examined.reason}`);
    } catch (error) {
      options.signal.throwIfAborted();
      failures.push(`${source.name}: ${(error as Error).message}`);
    }
  }
  return { binary: null, failures };
}

/** Asks a program whether it is an etcd that Vase can run. */
export async function examineEtcd(path: string): Promise<EtcdBinary | RejectedEtcd> {
  try {
    const asked = await runCommand(path, ['--version'], { timeoutMs: askTimeoutMs });
    const version = /etcd Version: (\d+)\.(\d+)\.(\S+)/.exec(asked.stdout);
    if (version === null) return { path, reason: 'does not say an etcd version' };
    const [major, minor] = [Number(version[1]), Number(version[2])];
    if (major !== oldestVersion[0] || minor < oldestVersion[1]) {
      return {
        path,
        reason: `version ${major}.${minor}.${version[3]} is older than ${oldestVersion.join('.')}`,
      };
    }
    const help = await runCommand(path, ['--help'], { timeoutMs: askTimeoutMs });
    const flags = `${help.stdout}\n${help.stderr}`.match(/(?<=^\s+)--[a-z0-9-]+/gm) ?? [];
    return { path, version: `${major}.${minor}.${version[3]}`, flags: new Set(flags) };
  } catch (error) {
    return { path, reason: (error as Error).message };
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
