/**
 * Makes the folder that the image is built from: the programs' sources and the packages that they import, nothing else.
 * It depends on the checkout's content alone: the same content gives the same files, modes, times and digest.
 */
import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ClusterError } from '../errors.ts';
import { findSecrets } from './find-secrets.ts';
import { packageClosure, type LockedPackage, type LockFile } from './package-closure.ts';
import { findSources } from './source-closure.ts';

export interface StagedContext {
  /** SHA-256, hexadecimal, over all paths and contents. */
  digest: string;
  /** Relative to the context's folder, with slashes, sorted. */
  files: string[];
  bytes: number;
}

/** All that an image keeps of a file's time. */
const epochSeconds = 0;
/** Of a package, what nothing reads at run time. Licences stay. */
const packageLeftOut =
  /(\.d\.[mc]?ts|\.map|\.md|\.markdown)$|^(tests?|docs|examples?|benchmarks?|\.github)$|\/tests$/i;

/**
 * @param options.folder an empty folder, or one that is not there yet.
 * @throws ClusterError when node_modules does not match the lock file, or something looks like a secret.
 */
export async function stageContext(options: { checkout: string; folder: string }): Promise<StagedContext> {
  const { checkout, folder } = options;
  const root = path.join(folder, 'root', 'vase');
  const { files, packages } = await findSources(checkout);
  for (const file of files) await copyFile(path.join(checkout, file), path.join(root, file));
  const lock = JSON.parse(await readFile(path.join(checkout, 'package-lock.json'), 'utf8')) as LockFile;
  for (const [packageFolder, locked] of packageClosure(lock, packages)) {
    await copyPackage(checkout, root, packageFolder, locked);
  }
  // Node needs to know that the sources are modules; scripts and development packages are nobody's business there.
  await writeFile(path.join(root, 'package.json'), '{ "name": "vase", "private": true, "type": "module" }\n');
  await copyFile(
    path.join(import.meta.dirname, 'check-modules', 'main.ts'),
    path.join(folder, 'check', 'main.ts'),
  );
  await copyFile(path.join(import.meta.dirname, 'Dockerfile'), path.join(folder, 'Dockerfile'));
  return seal(folder);
}

async function copyFile(source: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  await cp(source, target);
}

async function copyPackage(
  checkout: string,
  root: string,
  folder: string,
  locked: LockedPackage,
): Promise<void> {
  const source = path.join(checkout, folder);
  const installed = await installedVersion(source);
  if (installed !== locked.version) {
    throw new ClusterError(
      `${folder} is ${installed === null ? 'not installed' : `version ${installed}`}, the lock file says ${locked.version}`,
      { nextStep: 'Run `npm ci`.' },
    );
  }
  await cp(source, path.join(root, folder), {
    recursive: true,
    filter: (file) => isWanted(path.relative(source, file)),
  });
}

/** Packages inside packages have lock entries of their own. */
function isWanted(fileInPackage: string): boolean {
  return !packageLeftOut.test(fileInPackage) && !fileInPackage.split(path.sep).includes('node_modules');
}

async function installedVersion(folder: string): Promise<string | null> {
  try {
    return (JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as { version: string })
      .version;
  } catch {
    return null;
  }
}

/** Gives every file and folder its mode and time, looks for secrets, and takes the digest. */
async function seal(folder: string): Promise<StagedContext> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const relative = (entry: (typeof entries)[number]) =>
    path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/');
  const files = entries
    .filter((entry) => entry.isFile())
    .map(relative)
    .toSorted();
  const secrets = await findSecrets(folder, files);
  if (secrets.length > 0) {
    const list = secrets.map(({ file, what }) => `${file} (${what})`).join(', ');
    throw new ClusterError(`this looks like a secret and must not go into an image: ${list}`);
  }
  const digest = createHash('sha256');
  let bytes = 0;
  for (const file of files) {
    const content = await readFile(path.join(folder, file));
    digest.update(`${file}\0${content.length}\0`).update(content);
    bytes += content.length;
    await chmod(path.join(folder, file), 0o644);
    await utimes(path.join(folder, file), epochSeconds, epochSeconds);
  }
  // Folders last and from the inside out: a change inside a folder changes its time.
  for (const inner of entries
    .filter((entry) => entry.isDirectory())
    .map(relative)
    .toSorted()
    .toReversed()) {
    await chmod(path.join(folder, inner), 0o755);
    await utimes(path.join(folder, inner), epochSeconds, epochSeconds);
  }
  return { digest: digest.digest('hex'), files, bytes };
}
