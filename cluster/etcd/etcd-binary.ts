/**
 * The etcds that a machine has: the one that VASE_ETCD names, those on PATH and in `.vase/bin`, and those that Vase has fetched
 * or built. The program itself is asked what it can do; that is never guessed from its version.
 */
import { accessSync, constants, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { ClusterError } from '../errors.ts';
import { runCommand } from '../host/run-command.ts';

export interface EtcdBinary {
  /** Absolute. */
  path: string;
  /** For example "3.4.23". */
  version: string;
  /** The command-line flags that it knows, with their dashes. */
  flags: ReadonlySet<string>;
}

export interface EtcdSearch {
  /** VASE_ETCD: a program, or a folder that holds it; empty or left out: Vase chooses. */
  named?: string | undefined;
  /** The PATH to search, in the system's notation. */
  searchPath: string;
  /** A folder in which the user may have put an etcd; a fetched one goes into its folder `fetched`. */
  binaries: string;
}

/** @param machine its environment: VASE_ETCD and PATH; and the folder where the user may have put an etcd. */
export function etcdSearch(machine: {
  environment: Readonly<Record<string, string | undefined>>;
  binaries: string;
}): EtcdSearch {
  const { environment, binaries } = machine;
  return { named: environment['VASE_ETCD'], searchPath: environment['PATH'] ?? '', binaries };
}

/** The folder of fetched etcds alone, so that it can be deleted without a loss. */
export function fetchedFolder(search: Pick<EtcdSearch, 'binaries'>): string {
  return join(search.binaries, 'fetched');
}

export function fetchedPath(search: Pick<EtcdSearch, 'binaries'>, version: string): string {
  return join(fetchedFolder(search), version, 'etcd');
}

/** An etcd that was found but cannot be used, and why. */
export interface RejectedEtcd {
  path: string;
  reason: string;
}

const oldestVersion = [3, 4] as const;
const askTimeoutMs = 20_000;

/** The etcds that the user has put on PATH or into the folder for binaries, first choice first; unusable ones, too. */
export async function* ownEtcds(search: EtcdSearch): AsyncGenerator<EtcdBinary | RejectedEtcd> {
  const folders = [...search.searchPath.split(delimiter).filter((folder) => folder !== ''), search.binaries];
  yield* examineAll(folders);
}

/** The etcds that were fetched or built, in no particular order. */
export async function* fetchedEtcds(search: EtcdSearch): AsyncGenerator<EtcdBinary | RejectedEtcd> {
  const folder = fetchedFolder(search);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => /^\d/.test(name)) : [];
  // An earlier Vase kept a single one, in the folder itself.
  yield* examineAll([...names.map((name) => join(folder, name)), folder]);
}

/**
 * The etcd that VASE_ETCD names; null when it names none.
 * @throws ClusterError when the named one cannot be used.
 */
export async function namedEtcd({ named }: EtcdSearch): Promise<EtcdBinary | null> {
  if (!named) return null;
  const path = programAt(named);
  const examined = await examineEtcd(path);
  if ('version' in examined) return examined;
  throw new ClusterError(`VASE_ETCD names ${path}, which cannot be used: ${examined.reason.split('\n')[0]}`, {
    nextStep:
      'Name an etcd, or a folder that holds one: `vase etcd 3.6` prints such a folder. Without it, Vase chooses.',
  });
}

/** @param place a program, or the folder that holds it. */
export function programAt(place: string): string {
  const path = resolve(place);
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, 'etcd') : path;
}

async function* examineAll(folders: readonly string[]): AsyncGenerator<EtcdBinary | RejectedEtcd> {
  const seen = new Set<string>();
  for (const path of folders.map((folder) => resolve(folder, 'etcd'))) {
    if (!isExecutable(path)) continue;
    // One folder may be a link to another, such as /bin to /usr/bin.
    const own = realpathSync(path);
    if (!seen.has(own)) yield examineEtcd(path);
    seen.add(own);
  }
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

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return !statSync(path).isDirectory();
  } catch {
    return false;
  }
}
