/**
 * Fetches the pinned etcd release: download, check of its SHA-256, unpacking, and only then the rename into place. A
 * wrong digest or an interrupted download leaves nothing behind.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Readable } from 'node:stream';
import { runCommand } from '../run-command.ts';
import type { EtcdRelease, ReleaseArchive } from './etcd-release.ts';

export interface FetchOptions {
  release: EtcdRelease;
  /** The folder that gets the program `etcd`; created if need be. */
  folder: string;
  signal: AbortSignal;
  /** Default: that of this machine, as in `EtcdRelease.archives`. */
  platform?: string;
}

/** A machine without a way to the outside should find that out soon. */
const answerTimeoutMs = 15_000;
const downloadTimeoutMs = 300_000;
/** Releases are about 20 MB; an endless answer must not fill the disk. */
const archiveBytesMax = 200_000_000;

/**
 * @returns the path of the unpacked `etcd`.
 * @throws Error that says why there is none.
 */
export async function fetchRelease(options: FetchOptions): Promise<string> {
  const platform = options.platform ?? `${process.platform}-${process.arch}`;
  const archive = options.release.archives[platform];
  if (archive === undefined) throw new Error(`no release is pinned for ${platform}`);
  mkdirSync(options.folder, { recursive: true });
  const workFolder = mkdtempSync(join(options.folder, '.fetch-'));
  try {
    const archivePath = join(workFolder, 'etcd.tar.gz');
    const sha256 = await download(archive.url, archivePath, options.signal);
    if (sha256 !== archive.sha256) {
      throw new Error(`${archive.url} has the SHA-256 ${sha256}, not the pinned ${archive.sha256}`);
    }
    return await unpack(archive, { archivePath, workFolder, folder: options.folder });
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

/** @returns the SHA-256 of what was written. */
async function download(url: string, path: string, signal: AbortSignal): Promise<string> {
  const tooSlow = new AbortController();
  const timer = setTimeout(() => tooSlow.abort(new Error(`${url} did not answer`)), answerTimeoutMs);
  const signals = AbortSignal.any([signal, tooSlow.signal, AbortSignal.timeout(downloadTimeoutMs)]);
  try {
    const response = await fetch(url, { signal: signals });
    clearTimeout(timer);
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    const hash = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        if (bytes > archiveBytesMax) done(new Error(`${url} is larger than ${archiveBytesMax} bytes`));
        else done(null, chunk);
      },
    });
    const body = Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
    await pipeline(body, measure, createWriteStream(path), { signal: signals });
    return hash.digest('hex');
  } catch (error) {
    if (error instanceof TypeError && error.cause instanceof Error) {
      throw new Error(`${url} cannot be reached: ${error.cause.message}`, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function unpack(
  archive: ReleaseArchive,
  paths: { archivePath: string; workFolder: string; folder: string },
): Promise<string> {
  await runCommand('tar', ['-xzf', paths.archivePath, '-C', paths.workFolder, `${archive.folder}/etcd`]);
  const target = join(paths.folder, 'etcd');
  renameSync(join(paths.workFolder, archive.folder, 'etcd'), target);
  return target;
}
