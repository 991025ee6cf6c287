/**
 * Fetches an archive of etcd's release page: downloads it, checks its SHA-256, unpacks it. Without a network it fails within
 * seconds.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { Readable } from 'node:stream';
import { runCommand } from '../host/run-command.ts';
import type { ReleaseArchive } from './releases.ts';

export interface FetchOptions {
  /** The folder for the archive and its content; the caller deletes it. */
  workFolder: string;
  signal: AbortSignal;
}

/** The longest wait for the answer to begin, and for each further piece of it. */
const silenceMsMax = 5000;
const downloadMsMax = 300_000;
/** Releases are about 20 MB; an endless answer must not fill the disk. */
const archiveBytesMax = 200_000_000;

/**
 * @returns the path of the unpacked `etcd`.
 * @throws Error that says why there is none.
 */
export async function fetchRelease(
  archive: ReleaseArchive,
  { workFolder, signal }: FetchOptions,
): Promise<string> {
  const path = join(workFolder, basename(archive.url));
  const sha256 = await download(archive.url, path, signal);
  if (sha256 !== archive.sha256)
    throw new Error(`${archive.url} has the SHA-256 ${sha256}, not the pinned ${archive.sha256}`);
  // The tar of macOS unpacks zip, too.
  const flags = path.endsWith('.zip') ? '-xf' : '-xzf';
  await runCommand('tar', [flags, path, '-C', workFolder, `${archive.folder}/etcd`], { signal });
  return join(workFolder, archive.folder, 'etcd');
}

/** @returns the SHA-256 of the written file. */
async function download(url: string, path: string, signal: AbortSignal): Promise<string> {
  const tooSlow = new AbortController();
  const timer = setTimeout(
    () => tooSlow.abort(new Error(`${url} was silent for ${silenceMsMax / 1000} s`)),
    silenceMsMax,
  );
  const signals = AbortSignal.any([signal, tooSlow.signal, AbortSignal.timeout(downloadMsMax)]);
  try {
    const response = await fetch(url, { signal: signals });
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    const hash = createHash('sha256');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        timer.refresh();
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
    if (tooSlow.signal.aborted) throw tooSlow.signal.reason;
    if (error instanceof TypeError && error.cause instanceof Error) {
      throw new Error(`${url} cannot be reached: ${error.cause.message}`, { cause: error });
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
