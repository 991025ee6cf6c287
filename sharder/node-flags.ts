/** How Node.js is to be started for a sharder, wherever it runs. */

/**
 * - A young generation of 16 MiB: the default grows to 64 MiB a half and takes a sharder past 256 MiB; a smaller one
 *   promotes operations that are under way and costs a fifth more CPU (measured by `make bench-sharder`).
 * - Type stripping is stable in Node 24 LTS; the warning of its first releases is noise in a log.
 */
export const sharderNodeFlags: readonly string[] = [
  '--max-semi-space-size=16',
  '--disable-warning=ExperimentalWarning',
];
