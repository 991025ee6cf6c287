/**
 * The source with a probe at every mutant: a run counts how often it reached the mutant, and, where both can be evaluated, how
 * often the mutant would have had another value. Nothing else changes.
 */
import type { Mutant } from './mutant.ts';

/** Names of the probes that the source calls. */
export const reachName = '__vaseReached';
export const differName = '__vaseDiffers';

interface Insertion {
  at: number;
  text: string;
  /** Insertions at one place stand in this order. */
  order: number;
}

/** @param mutants with their numbers, by which the probes are called. */
export function instrument(source: string, mutants: readonly { mutant: Mutant; number: number }[]): string {
  const insertions: Insertion[] = [];
  const put = (at: number, text: string, order: number) => insertions.push({ at, text, order });
  for (const { mutant, number } of mutants) {
    const { kind, start, end, alternative } = mutant.probe;
    const size = end - start;
    // Of probes that start at one place the largest comes first; of those that end there it comes last, after other starts.
    const opens = 1e9 - size + number * 1e-6;
    const closes = size - 1e9 - number * 1e-6;
    if (kind === 'block') {
      put(start + 1, `${reachName}(${number});`, 0);
    } else if (kind === 'statement') {
      put(start, `{${reachName}(${number});`, opens);
      put(end, '}', closes);
    } else if (alternative === null) {
      put(start, `(${reachName}(${number}),`, opens);
      put(end, ')', closes);
    } else {
      put(start, `${differName}(${number},`, opens);
      put(end, `,()=>(${alternative}))`, closes);
    }
  }
  insertions.sort((a, b) => a.at - b.at || a.order - b.order);
  let text = '';
  let from = 0;
  for (const { at, text: inserted } of insertions) {
    text += source.slice(from, at) + inserted;
    from = at;
  }
  return text + source.slice(from);
}
