/**
 * The releases of etcd that Vase can get, in one table: archives of the release page with their SHA-256, and patches that are
 * built from etcd's own Go module, whose checksums its go.sum holds. A platform whose digest could not be confirmed from
 * two independent sources has no entry.
 */
import { join } from 'node:path';
import { minorOf } from './compare-releases.ts';
import { isSound } from './data-bugs.ts';

export interface ReleaseArchive {
  url: string;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** The folder inside the archive that holds `etcd`. */
  folder: string;
}

export interface EtcdRelease {
  /** For example "3.6.14". */
  version: string;
  /** By `${process.platform}-${process.arch}`. */
  archives: Readonly<Record<string, ReleaseArchive>>;
  /** The folder of the go.mod that it is built from; null when it is not built. */
  module: string | null;
}

/** The minor that a new cluster runs when the machine has no sound etcd. */
export const defaultMinor = '3.6';

/** etcd's name of a platform, by Node.js's name. */
const platforms = {
  'linux-x64': 'linux-amd64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-amd64',
  'darwin-arm64': 'darwin-arm64',
} as const;

type Digests = Partial<Record<keyof typeof platforms, string>>;

/** Newest first. */
export const releases: readonly EtcdRelease[] = [
  { version: '3.7.3', archives: {}, module: moduleOf('3.7') },
  archived('3.7.1', {
    'linux-x64': 'e8cd3fa8064c98137c5dbd78b76f969417ace84efb83c481041d7a52ffdd8fb9',
    'linux-arm64': 'd7e25e08f694b6ed7792fc7b7a891fe2c3f3d3dccfe2f3bfdb1547b0eb75b6da',
    'darwin-arm64': 'a3e839d9128e170c299b1592bed92d8327f258eb94923aea24a0ccf923cf27e9',
  }),
  { version: '3.6.16', archives: {}, module: moduleOf('3.6') },
  archived('3.6.14', {
    'linux-x64': 'ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5',
    'linux-arm64': 'fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e',
    'darwin-x64': '17b8639cf303fee6c35958278d557263215a9a8f8c15fd89022b5aa67091b228',
    'darwin-arm64': 'fd154573a1f4c098c214d8233507d2766c43a164f7e339c0385aae71d9a1afaf',
  }),
  archived(
    '3.5.33',
    { 'linux-x64': '5025b5b24d81a9616b6e284ccd439b9a3df055ef8fdcdc142af3ec8f6a3b3c95' },
    moduleOf('3.5'),
  ),
  // It has known faults, and is here for clusters that run it because an earlier Vase fetched it.
  archived('3.5.21', {
    'linux-x64': 'adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c',
    'linux-arm64': '95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f',
  }),
];

function archived(version: string, digests: Digests, module: string | null = null): EtcdRelease {
  const archives = Object.entries(digests).map(([platform, sha256]) => {
    const name = platforms[platform as keyof typeof platforms];
    const folder = `etcd-v${version}-${name}`;
    const suffix = name.startsWith('darwin') ? 'zip' : 'tar.gz';
    const url = `https://github.com/etcd-io/etcd/releases/download/v${version}/${folder}.${suffix}`;
    return [platform, { url, sha256, folder }] as const;
  });
  return { version, archives: Object.fromEntries(archives), module };
}

function moduleOf(minor: string): string {
  return join(import.meta.dirname, 'modules', minor);
}

/**
 * The releases of the table that `wanted` may mean, newest first; for a minor only the sound ones.
 * @param wanted a version, or a minor such as "3.6".
 */
export function releasesFor(wanted: string): EtcdRelease[] {
  return releases.filter(
    ({ version }) => version === wanted || (minorOf(version) === wanted && isSound(version)),
  );
}
