/** The proof of a move believes whatever the watch has said: a bug that the proof makes up for is then seen by what it breaks. */
import type { SeededBug } from './seeded-bug.ts';

export const believed: SeededBug['changes'][number] = {
  file: 'cluster/resharding/tail-proof.ts',
  find: 'if (difference !== null)',
  replace: 'if (difference === undefined)',
};
