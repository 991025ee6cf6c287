/**
 * The folder that the image is built from: the programs' sources and the packages that they import, nothing else. It
 * depends on the checkout's content alone: the same content gives the same files, modes, times and digest. Its list and its
 * digest are computed without writing a file.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
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

/** Path in the context, with slashes, to the content: a file's path, or the bytes themselves. */
export type ImageContext = ReadonlyMap<string, string | Buffer>;

/** The time of every file in the image. */
const epochSeconds = 0;
/** The files of a package that nothing reads at run time. Licences stay. */
const packageLeftOut =
  /(\.d\.[mc]?ts|\.map|\.md|\.markdown)$|^(tests?|docs|examples?|benchmarks?|\.github)$|\/tests$/i;

/**
 * The files that the image of a checkout is built from, sorted by path.
 * @throws ClusterError when node_modules does not match the lock file.
 */
export async function listContext(checkout: string): Promise<ImageContext> {
  const found = new Map<string, string | Buffer>();
  const { files, packages } = await findSources(checkout);
  for (const file of files) found.set(`root/vase/${file}`, path.join(checkout, file));
  const lock = JSON.parse(readFileSync(path.join(checkout, 'package-lock.json'), 'utf8')) as LockFile;
  for (const [folder, locked] of packageClosure(lock, packages)) {
    demandInstalled(checkout, folder, locked);
    for (const file of packageFiles(path.join(checkout, folder), ''))
      found.set(`root/vase/${folder}/${file}`, path.join(checkout, folder, file));
  }
  // Node needs to know that the sources are modules; the image has no use for scripts and development packages.
  const description = '{ "name": "vase", "private": true, "type": "module" }\n';
  found.set('root/vase/package.json', Buffer.from(description));
  found.set('check/main.ts', path.join(import.meta.dirname, 'check-modules', 'main.ts'));
  found.set('Dockerfile', path.join(import.meta.dirname, 'Dockerfile'));
  return new Map([...found].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** SHA-256, hexadecimal, over all paths and contents. */
export function digestOf(context: ImageContext): string {
  const digest = createHash('sha256');
  for (const [file, source] of context) {
    const content = contentOf(source);
    digest.update(`${file}\0${content.length}\0`).update(content);
  }
  return digest.digest('hex');
}

/**
 * @param options.folder an empty folder, or one that does not exist yet.
 * @throws ClusterError when node_modules does not match the lock file, or something looks like a secret.
 */
export async function stageContext(options: { checkout: string; folder: string }): Promise<StagedContext> {
  return writeContext(await listContext(options.checkout), options.folder);
}

/** @throws ClusterError when something in it looks like a secret. */
export async function writeContext(context: ImageContext, folder: string): Promise<StagedContext> {
  let bytes = 0;
  for (const [file, source] of context) {
    const content = contentOf(source);
    const target = path.join(folder, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, content, { mode: 0o644 });
    await chmod(target, 0o644);
    await utimes(target, epochSeconds, epochSeconds);
    bytes += content.length;
  }
  const files = [...context.keys()];
  await refuseSecrets(folder, files);
  await sealFolders(folder);
  return { digest: digestOf(context), files, bytes };
}

function contentOf(source: string | Buffer): Buffer {
  return typeof source === 'string' ? readFileSync(source) : source;
}

/** Relative to the package, with slashes. Packages inside packages have lock entries of their own. */
function packageFiles(root: string, inner: string): string[] {
  return readdirSync(path.join(root, inner), { withFileTypes: true }).flatMap((entry) => {
    const file = inner === '' ? entry.name : `${inner}/${entry.name}`;
    if (entry.name === 'node_modules' || packageLeftOut.test(file)) return [];
    if (entry.isDirectory()) return packageFiles(root, file);
    return entry.isFile() ? [file] : [];
  });
}

function demandInstalled(checkout: string, folder: string, locked: LockedPackage): void {
  const installed = installedVersion(path.join(checkout, folder));
  if (installed === locked.version) return;
  throw new ClusterError(
    `${folder} is ${installed === null ? 'not installed' : `version ${installed}`}, the lock file says ${locked.version}`,
    { nextStep: 'Run `npm ci`.' },
  );
}

function installedVersion(folder: string): string | null {
  try {
    const description = readFileSync(path.join(folder, 'package.json'), 'utf8');
    return (JSON.parse(description) as { version: string }).version;
  } catch {
    return null;
  }
}

async function refuseSecrets(folder: string, files: readonly string[]): Promise<void> {
  const secrets = await findSecrets(folder, files);
  if (secrets.length === 0) return;
  const list = secrets.map(({ file, what }) => `${file} (${what})`).join(', ');
  throw new ClusterError(`this looks like a secret and must not go into an image: ${list}`);
}

/** Called last, and works from the inside out: a change inside a folder changes the folder's time. */
async function sealFolders(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(entry.parentPath, entry.name));
  for (const inner of folders.toSorted().toReversed()) {
    await chmod(inner, 0o755);
    await utimes(inner, epochSeconds, epochSeconds);
  }
}
