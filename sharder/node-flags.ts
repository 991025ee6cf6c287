/** How Node.js is to be started for a sharder, wherever it runs. */

/**
 * Measured by `make bench-sharder`: together they cost a request a fifth less CPU than the defaults within 256 MiB.
 * - A young generation of at most 32 MiB a half: the default grows to 64 MiB and takes a sharder past 256 MiB; 16 MiB
 *   copies the operations that are under way more often.
 * - An old generation that is collected from 80 MiB on and may have 320: left to itself V8 marks it twice a second, or,
 *   on a large machine, lets garbage gather for long. Values are outside of it, in buffers.
 * - Type stripping is stable in Node 24 LTS; the warning of its first releases is noise in a log.
 */
export const sharderNodeFlags: readonly string[] = [
  '--max-semi-space-size=32',
  '--initial-old-space-size=80',
  '--max-old-space-size=320',
  '--disable-warning=ExperimentalWarning',
];

/**
 * Variables of a sharder's process, for glibc; other allocators ignore them.
 * - When a large block is freed, glibc raises its threshold and keeps blocks of that size for itself, so that a sharder grows
 *   by its bodies and replies: with 8 batches of 7 MB for a dead shard to 262 MiB, with a fixed threshold to 226. Large bodies
 *   and values are above the threshold; what Node.js reads from a socket, 64 KiB, does not cost a mapping.
 * - Each of V8's and libuv's threads keeps free memory in an arena of its own, which the others cannot use: under the load of
 *   `make bench-overload PART=dead-shard` 254 to 268 MiB, with one arena for all 235.
 */
export const sharderAllocator: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_ARENA_MAX: '1',
};
