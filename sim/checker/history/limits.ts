/** Every bound of the checker, each with its reason. */
export const limits = {
  /** Steps that the search may spend on one key: some four seconds on one core. Past it: unknown. */
  searchStepsMax: 100_000_000,
  /** The part of these steps that may be spent on finding the operation with which an illegal history goes wrong. */
  explanationShare: 0.5,
  /** Calls and returns that the search looks at beyond those that may come next: a look must stay cheap. */
  entriesAheadMax: 1024,
  /** Memory of the configurations that the search has visited, for one key: below what a small CI machine has. */
  searchBytesMax: 512 * 1024 * 1024,
  /** Operations given to the brute-force twin: 6! orders of 2^6 subsets are tried in a blink, 7 are not. */
  bruteForceOperationsMax: 6,
  /** Placed operations that a report prints before the one that cannot be placed: a screenful. */
  printedPrefixMax: 40,
  /** Illegal keys that a report prints in full: more of them have the same cause. */
  printedKeysMax: 5,
  /** Characters of one line of a history file: a value is at most 1.5 MiB in etcd, escaped up to sixfold. */
  lineLengthMax: 16 * 1024 * 1024,
  /** Keys that a drawing offers: a file of a few megabytes still opens at once. Illegal ones come first. */
  drawnKeysMax: 64,
  /** Operations of one key that a drawing keeps, around the failure. */
  drawnOperationsMax: 20_000,
  /** Operations that a drawing keeps of a linearizable key: enough to see what such a history looks like. */
  drawnOperationsOfGoodKeyMax: 1000,
} as const;
