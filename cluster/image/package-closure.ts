/**
 * Finds the folders of node_modules that a set of packages needs, by the lock file: the packages, their dependencies, and so
 * on. It refuses development packages and packages for one kind of machine.
 */

export interface LockedPackage {
  version?: string;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

/** The parts of package-lock.json, version 3, that matter here. */
export interface LockFile {
  /** By folder relative to the checkout, such as "node_modules/koa"; "" is the project itself. */
  packages: Record<string, LockedPackage>;
}

/**
 * @returns folder -> its entry in the lock file, sorted by folder.
 * @throws Error when a package is not locked, is for development, or is bound to a platform.
 */
export function packageClosure(lock: LockFile, names: readonly string[]): Map<string, LockedPackage> {
  const found = new Map<string, LockedPackage>();
  const waiting = names.map((name) => ({ name, from: '' }));
  // Bounded: every folder is taken once.
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const folder = resolvePackage(lock, next.name, next.from);
    if (found.has(folder)) continue;
    const locked = lock.packages[folder]!;
    assertPortable(next.name, locked);
    found.set(folder, locked);
    for (const name of neededNames(locked)) waiting.push({ name, from: folder });
  }
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Node's own rule: the nearest node_modules, from the importing package upwards. */
function resolvePackage(lock: LockFile, name: string, from: string): string {
  for (let folder = from; ; folder = parentPackage(folder)) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return candidate;
    if (folder === '')
      throw new Error(`${from || 'the project'} needs ${name}, which package-lock.json does not have`);
  }
}

function parentPackage(folder: string): string {
  const end = folder.lastIndexOf('/node_modules/');
  return end < 0 ? '' : folder.slice(0, end);
}

function neededNames(locked: LockedPackage): string[] {
  const peers = Object.keys(locked.peerDependencies ?? {}).filter(
    (name) => locked.peerDependenciesMeta?.[name]?.optional !== true,
  );
  return [...Object.keys(locked.dependencies ?? {}), ...peers];
}

function assertPortable(name: string, locked: LockedPackage): void {
  if (locked.dev === true)
    throw new Error(`${name} is a development dependency and cannot go into the image`);
  if (locked.os !== undefined || locked.cpu !== undefined) {
    throw new Error(
      `${name} is made for one kind of machine and cannot go into an image that runs on several`,
    );
  }
}
