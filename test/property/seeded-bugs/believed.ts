/** The proof of a move believes every watch: a bug that the proof makes up for then shows by what it breaks. */
import type { SeededBug } from './seeded-bug.ts';

export const believed: SeededBug['changes'][number] = {
  file: 'cluster/resharding/tail-proof.ts',
  find: 'if (difference !== null)',
  replace: 'if (difference === undefined)',
};
