/**
 * Finds the disk of this machine that holds a folder. Caps are set on whole disks, so a folder on a partition gives the whole
 * disk; a folder in an overlay gives the disk of the layer that is written to.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** An overlay on an overlay on an overlay is as deep as containers go. */
const layersMax = 4;

/** "major:minor" of the whole disk; null without a disk (memory, network, hidden by a container) or without the folder. */
export function backingDisk(folder: string): string | null {
  if (process.platform !== 'linux' || !existsSync(folder)) return null;
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
  let path = realpathSync(folder);
  for (let layer = 0; layer < layersMax; layer++) {
    const mount = mountOf(mounts, path);
    if (mount === null) return null;
    if (mount.upperFolder === null) return wholeDisk(mount);
    // A container often cannot see the layer that its own files are in.
    if (!existsSync(mount.upperFolder)) return null;
    path = mount.upperFolder;
  }
  return null;
}

export interface Mount {
  device: string;
  /** The mounted source: "/dev/sda1", "overlay", "tmpfs". */
  source: string;
  /** The folder to which an overlay writes. */
  upperFolder: string | null;
}

/**
 * The mount that a path is in.
 * @param mounts text of /proc/self/mountinfo; see proc(5).
 */
export function mountOf(mounts: string, path: string): Mount | null {
  let found: Mount | null = null;
  let longest = -1;
  for (const line of mounts.split('\n')) {
    const match = /^\d+ \d+ (\d+:\d+) \S+ (\S+) .* - (\S+) (\S+) (\S+)$/.exec(line);
    if (match === null) continue;
    const [, device, rawPoint, type, source, options] = match as unknown as string[];
    const point = unescapeOctal(rawPoint!);
    // A later mount on the same point hides the earlier one.
    if (!isWithin(path, point) || point.length < longest) continue;
    longest = point.length;
    const upper = type === 'overlay' ? /(?:^|,)upperdir=([^,]+)/.exec(options!)?.[1] : undefined;
    found = { device: device!, source: unescapeOctal(source!), upperFolder: upper ?? null };
  }
  return found;
}

function isWithin(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}

/** The kernel writes spaces and the like as \040. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\(\d{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function wholeDisk({ device, source }: Mount): string | null {
  const block = `/sys/dev/block/${existsSync(`/sys/dev/block/${device}`) ? device : numbersOf(source)}`;
  if (!existsSync(block)) return null;
  // In sysfs a partition's folder lies in that of its disk.
  const disk = existsSync(join(block, 'partition')) ? join(realpathSync(block), '..') : block;
  return readFileSync(join(disk, 'dev'), 'utf8').trim();
}

/** A file system over several disks (btrfs) has a number of its own and names a disk as its source. */
function numbersOf(source: string): string {
  if (!source.startsWith('/dev/') || !existsSync(source)) return 'none';
  const { rdev } = statSync(source);
  // Linux's makedev, as Node.js gives it: major in bits 8 to 19, minor in the lowest 8 and from bit 20 up.
  return `${(rdev >> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >> 12) & 0xfff00)}`;
}
