/** How Node.js is to be started for a sharder, wherever it runs. */

/**
 * - A young generation of 16 MiB: the default grows to 64 MiB a half and takes a sharder past 256 MiB; a smaller one
 *   promotes operations that are under way and costs a fifth more CPU (measured by `make bench-sharder`).
 * - An old generation of at most 192 MiB: on a large machine V8 lets garbage gather there for long. Values are outside
 *   of it, in buffers; what is inside is bounded by `core/limits.ts` to a small part of this.
 * - Type stripping is stable in Node 24 LTS; the warning of its first releases is noise in a log.
 */
export const sharderNodeFlags: readonly string[] = [
  '--max-semi-space-size=16',
  '--max-old-space-size=192',
  '--disable-warning=ExperimentalWarning',
];
