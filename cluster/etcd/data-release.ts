/**
 * Reads the release of a member's data, as etcd itself has written it into its database: the key `clusterVersion` of the
 * bucket `cluster`. The file is a tree of pages (go.etcd.io/bbolt); only the few pages on the way to that key are read. A
 * file that is damaged, or is just being written, gives no release.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '../errors.ts';
import { compareReleases } from './compare-releases.ts';
import type { EtcdBinary } from './etcd-binary.ts';

const magic = 0xed0cdaed;
const headerBytes = 16;
const metaBytes = 64;
const leafFlag = 0x02;
/** The roots of the database and of this bucket have a handful of short keys: one page holds them. */
const pageBytesMax = 64 * 1024;

/**
 * @param dataFolder of one member.
 * @returns the minor, such as "3.6"; null when there are no data, or these do not say.
 */
export function readDataRelease(dataFolder: string): string | null {
  let file: number | null = null;
  try {
    file = openSync(join(dataFolder, 'member', 'snap', 'db'), 'r');
    const { root, pageBytes } = readMeta(file);
    const bucket = valueIn(read(file, root * pageBytes, pageBytes), 'cluster');
    const page = Number(bucket.readBigUInt64LE(0));
    // A small bucket is stored in its parent's page.
    const keys = page === 0 ? bucket.subarray(headerBytes) : read(file, page * pageBytes, pageBytes);
    return /^(\d+\.\d+)\./.exec(valueIn(keys, 'clusterVersion').toString('latin1'))?.[1] ?? null;
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}

/**
 * @param data the release of the cluster's data, for example "3.7"; null when it is not known.
 * @throws ClusterError for an older etcd.
 */
export function refuseNewerData({ path, version }: EtcdBinary, data: string | null): void {
  if (data === null || compareReleases(version, `${data}.0-`) >= 0) return;
  throw new ClusterError(
    `the data are of etcd ${data}, and etcd ${version} at ${path} is older: an older release is never started on the ` +
      'data of a newer one',
    {
      nextStep:
        'The field `etcd` of the state file (cluster.json, and its copy beside the data) names the older one. Delete it ' +
        `from both, and \`make up\` takes an etcd ${data} from PATH. \`make clean\` deletes the data.`,
    },
  );
}

/** Each transaction writes one of two pages, in turn; the newer one that is whole counts. */
function readMeta(file: number): { root: number; pageBytes: number } {
  const first = read(file, 0, headerBytes + metaBytes);
  const pageBytes = first.readUInt32LE(headerBytes + 8);
  if (pageBytes < 512 || pageBytes > pageBytesMax) throw new RangeError('not a database');
  const [meta] = [first, read(file, pageBytes, headerBytes + metaBytes)]
    .map((page) => page.subarray(headerBytes))
    .filter(isWhole)
    .toSorted((a, b) => Number(b.readBigUInt64LE(48) - a.readBigUInt64LE(48)));
  if (meta === undefined) throw new RangeError('not a database');
  return { root: Number(meta.readBigUInt64LE(16)), pageBytes };
}

/** Its checksum is FNV-1a of 64 bits over the bytes before it. */
function isWhole(meta: Buffer): boolean {
  let hash = 0xcbf29ce484222325n;
  for (const byte of meta.subarray(0, 56)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return meta.readUInt32LE(0) === magic && hash === meta.readBigUInt64LE(56);
}

/** @throws RangeError when the page does not have the key, or does not hold keys and values. */
function valueIn(page: Buffer, key: string): Buffer {
  if (page.readUInt16LE(8) !== leafFlag) throw new RangeError('not a page of keys and values');
  const count = page.readUInt16LE(10);
  for (let index = 0; index < count; index++) {
    const at = headerBytes + 16 * index;
    const keyAt = at + page.readUInt32LE(at + 4);
    const valueAt = keyAt + page.readUInt32LE(at + 8);
    if (page.toString('latin1', keyAt, valueAt) === key)
      return page.subarray(valueAt, valueAt + page.readUInt32LE(at + 12));
  }
  throw new RangeError(`no key ${key}`);
}

function read(file: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  return buffer.subarray(0, readSync(file, buffer, 0, bytes, at));
}
