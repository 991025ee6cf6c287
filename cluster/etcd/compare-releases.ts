/** Reads versions of etcd: which of two is newer, and the minor of one. */

/**
 * Negative where `one` is older than `other`, positive where it is newer, 0 where they are the same: "3.10.0" is newer than
 * "3.9.1", and "3.7.0" than "3.7.0-rc.1".
 */
export function compareReleases(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)];
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.suffix === b.suffix) return 0;
  if (a.suffix === '' || b.suffix === '') return a.suffix === '' ? 1 : -1;
  return a.suffix < b.suffix ? -1 : 1;
}

function parts(version: string): { numbers: [number, number, number]; suffix: string } {
  const [, major, minor, patch, suffix] = /^(\d+)\.(\d+)\.(\d+)(.*)$/.exec(version) ?? [];
  return { numbers: [Number(major ?? 0), Number(minor ?? 0), Number(patch ?? 0)], suffix: suffix ?? '' };
}

/** "3.6" of "3.6.16". */
export function minorOf(version: string): string {
  return version.split('.', 2).join('.');
}

/** Whether it is "3.6" rather than "3.6.16". */
export function isMinor(release: string): boolean {
  return /^\d+\.\d+$/.test(release);
}
