/** State folders of earlier versions, as they left them, and what is in them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import type { ReleaseName } from '../../sim/etcd/release.ts';

export interface Kept {
  /** Where its sharders listen. */
  port: number;
  /** The release whose data they are. */
  etcd: ReleaseName;
  /** Key to what is read; null: it was deleted. */
  keys: Record<string, { etag: string; base64: string } | null>;
}

export const keptFolder = import.meta.dirname;
const tarBytesMax = 1024 * 1024 * 1024;

/** Of the versions that are kept, oldest first. */
export function keptNames(): string[] {
  return readdirSync(keptFolder)
    .filter((file) => file.endsWith('.tar.br'))
    .map((file) => file.slice(0, -'.tar.br'.length))
    .toSorted();
}

export function readKept(name: string): Kept {
  return JSON.parse(readFileSync(join(keptFolder, `${name}.json`), 'utf8')) as Kept;
}

/** What `folder` holds; etcd's logs are mostly room that is not used yet. */
export function pack(folder: string, name: string): void {
  const tar = execFileSync('tar', ['--create', '--file=-', '--directory', folder, '.'], {
    maxBuffer: tarBytesMax,
  });
  writeFileSync(join(keptFolder, `${name}.tar.br`), brotliCompressSync(tar));
}

export function unpack(name: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const tar = brotliDecompressSync(readFileSync(join(keptFolder, `${name}.tar.br`)));
  execFileSync('tar', ['--extract', '--file=-', '--directory', folder], { input: tar });
}

/** @throws Error when one is neither answered nor missing. */
export async function readAll(endpoint: string, keys: readonly string[]): Promise<Kept['keys']> {
  const read: Kept['keys'] = {};
  for (const key of keys) {
    const reply = await fetch(`${endpoint}/v1/kv/${encodeURIComponent(key)}`);
    const bytes = Buffer.from(await reply.arrayBuffer());
    if (reply.status !== 200 && reply.status !== 404)
      throw new Error(`GET ${key}: ${reply.status} ${bytes.toString()}`);
    read[key] =
      reply.status === 404 ? null : { etag: reply.headers.get('etag')!, base64: bytes.toString('base64') };
  }
  return read;
}
