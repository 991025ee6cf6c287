/**
 * What the etcd of an image can do, read from the version in the image's tag. An image whose tag names no version is
 * assumed to do only what every etcd since 3.4 can do.
 */

export interface EtcdCapabilities {
  /** /livez and /readyz: etcd has them since 3.4.29 and 3.5.12 (etcd.io, op-guide/monitoring). */
  hasLivez: boolean;
  /**
   * The argument that makes a member compare its data with its peers' before it serves. etcd 3.6 renamed it, and etcd does
   * not start with an unknown argument: null where the version is not known.
   */
  initialCorruptCheck: string | null;
}

interface Version {
  minor: number;
  patch: number;
}

export function etcdCapabilities(image: string): EtcdCapabilities {
  const version = imageVersion(image);
  if (version === null) return { hasLivez: false, initialCorruptCheck: null };
  return {
    hasLivez: hasLivez(version),
    initialCorruptCheck:
      version.minor >= 6
        ? '--feature-gates=InitialCorruptCheck=true'
        : '--experimental-initial-corrupt-check=true',
  };
}

function hasLivez({ minor, patch }: Version): boolean {
  if (minor === 4) return patch >= 29;
  if (minor === 5) return patch >= 12;
  return minor > 5;
}

/** The tag follows the last colon of the name's last part; a digest or a registry's port is no tag. */
function imageVersion(image: string): Version | null {
  const lastPart = image.replace(/@.*$/, '').split('/').at(-1)!;
  const match = /:v?3\.(\d+)\.(\d+)(?:[-+.].*)?$/.exec(lastPart);
  return match === null ? null : { minor: Number(match[1]), patch: Number(match[2]) };
}
