/**
 * Judges one mutant by seeds, in processes of its own. Only the seeds in which it would make a difference are run, and those
 * that reach it most often come first. A mutant that makes a seed endless, or crashes, is found, too.
 */
import type { Mutant } from '../syntax/mutant.ts';
import type { Coverage } from './coverage.ts';
import type { SeedResult } from './run-seed.ts';
import { runWorker } from './workers.ts';

export interface SeedVerdict {
  /** The property that broke; null: none. `silent`: a seed without an end. */
  broken: string | null;
  message: string;
  seed: number | null;
  /** Seeds that were run. */
  runs: number;
  /** How many of those differed from the run without the mutant. */
  changed: number;
  /** Of all seeds, how many reached it, and in how many it would have made a difference. */
  reached: number;
  differed: number;
}

/** The longest seed takes a second; the rest allows for other processes of the machine. */
const silentMsMax = 30_000;
/** The first seeds of a mutant: those that reach it most often. Most mutants do not survive them. */
export const firstSeeds = 40;

/** @param before the verdict of the seeds before `from`; null: none was run. @param to exclusive, in their order. */
export async function judgeBySeeds(
  { mutant, number }: { mutant: Mutant; number: number },
  coverage: Coverage,
  compileCache: string,
  { before, from, to }: { before: SeedVerdict | null; from: number; to: number },
): Promise<SeedVerdict> {
  const seeds = seedsFor(number, coverage).slice(from, to);
  const total = coverage.results.length;
  const countIn = (counts: Uint8Array) =>
    counts
      .subarray(number * total, (number + 1) * total)
      .reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  const verdict: SeedVerdict =
    before === null
      ? {
          broken: null,
          message: '',
          seed: null,
          runs: 0,
          changed: 0,
          reached: countIn(coverage.reached),
          differed: countIn(coverage.differed),
        }
      : { ...before };
  if (seeds.length === 0) return verdict;
  const worker = {
    module: 'judge-worker.ts',
    plant: 'plant-mutant.ts',
    environment: { VASE_MUTANT: JSON.stringify(mutant) },
    silentMsMax,
    compileCache,
  };
  const end = await runWorker(worker, seeds, (result) => {
    const { seed, hash, broken, message } = result as SeedResult;
    verdict.runs++;
    if (hash !== coverage.results[seed - 1]!.hash) verdict.changed++;
    if (broken !== null) Object.assign(verdict, { broken, message, seed });
    return broken !== null;
  });
  if (verdict.broken === null && end.kind !== 'done') {
    verdict.broken = end.kind === 'silent' ? 'silent' : 'crash';
    verdict.message = end.kind === 'died' ? lastWords(end.why) : 'a seed did not end';
    verdict.seed = seeds[verdict.runs - (before?.runs ?? 0)] ?? null;
  }
  return verdict;
}

/** Seeds that pass without the mutant and differ with it. */
function seedsFor(number: number, { results, differed }: Coverage): number[] {
  const total = results.length;
  const countOf = (seed: number) => differed[number * total + seed - 1]!;
  const all = results
    .filter(({ seed, broken }) => broken === null && countOf(seed) > 0)
    .map(({ seed }) => seed);
  const eager = all.toSorted((a, b) => countOf(b) - countOf(a) || a - b).slice(0, firstSeeds);
  const first = new Set(eager);
  return [...eager, ...all.filter((seed) => !first.has(seed))];
}

const lastWords = (errors: string) => /^\w*Error.*$/m.exec(errors)?.[0] ?? errors.slice(-200);
