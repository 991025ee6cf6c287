/**
 * The official etcd release that Vase fetches where a machine has none: version, address and SHA-256 in one place. A
 * platform whose digest could not be confirmed from two independent sources has no entry, and nothing is fetched for it.
 */

export interface ReleaseArchive {
  url: string;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** The folder inside the archive that holds `etcd`. */
  folder: string;
}

export interface EtcdRelease {
  version: string;
  /** By `${process.platform}-${process.arch}`. */
  archives: Readonly<Record<string, ReleaseArchive>>;
}

const version = '3.5.21';

function archive(platform: string, sha256: string): ReleaseArchive {
  const folder = `etcd-v${version}-${platform}`;
  return {
    url: `https://github.com/etcd-io/etcd/releases/download/v${version}/${folder}.tar.gz`,
    sha256,
    folder,
  };
}

export const etcdRelease: EtcdRelease = {
  version,
  archives: {
    'linux-x64': archive('linux-amd64', 'adddda4b06718e68671ffabff2f8cee48488ba61ad82900e639d108f2148501c'),
    'linux-arm64': archive('linux-arm64', '95bf6918623a097c0385b96f139d90248614485e781ec9bee4768dbb6c79c53f'),
  },
};
