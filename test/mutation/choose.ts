/** Chooses the mutants that a run judges. */
import { createHash } from 'node:crypto';
import type { Options } from './options.ts';
import type { Mutant } from './syntax/mutant.ts';

/**
 * The mutants that the options name, with their numbers among all, in the order of a draw that does not depend on the other
 * mutants: a larger sample holds the smaller one, and a part is a part of every sample.
 * @param retried keys; null: all.
 */
export function choose(
  all: readonly Mutant[],
  { files, limit, draw, shard }: Pick<Options, 'files' | 'limit' | 'draw' | 'shard'>,
  retried: ReadonlySet<string> | null,
): { mutant: Mutant; number: number }[] {
  return all
    .map((mutant, number) => ({ mutant, number, rank: rankOf(mutant.key, draw) }))
    .filter(({ mutant }) => files.length === 0 || files.some((part) => mutant.file.includes(part)))
    .filter(({ mutant }) => retried === null || retried.has(mutant.key))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, limit ?? undefined)
    .filter(({ rank }) => rank % shard.count === shard.index - 1)
    .map(({ mutant, number }) => ({ mutant, number }));
}

function rankOf(key: string, draw: number): number {
  return createHash('sha256').update(`${draw} ${key}`).digest().readUIntBE(0, 6);
}
