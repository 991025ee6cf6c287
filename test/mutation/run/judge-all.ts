/** Judges many mutants, a few at a time, and keeps each verdict at once. */
import type { UnitVerdict } from '../report/fates.ts';
import type { Mutant } from '../syntax/mutant.ts';
import type { Coverage } from './coverage.ts';
import { firstSeeds, judgeBySeeds, type SeedVerdict } from './judge.ts';
import { judgeByTests } from './judge-by-tests.ts';
import type { KeptVerdicts } from './kept-verdicts.ts';

export interface Chosen {
  mutant: Mutant;
  number: number;
}

/** Calls `each` for all items, at most `jobs` at a time. */
export async function inTurns<Item>(
  items: readonly Item[],
  jobs: number,
  each: (item: Item, job: number) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const next = async (job: number): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await each(item, job);
  };
  await Promise.all(Array.from({ length: jobs }, (_, job) => next(job)));
}

export interface SeedStage {
  kept: KeptVerdicts<SeedVerdict>;
  coverage: Coverage;
  compileCache: string;
}

/** The verdict of the first few seeds. */
export async function firstVerdictOf(chosen: Chosen, stage: SeedStage): Promise<SeedVerdict> {
  return keep(stage.kept, chosen.mutant.key, () =>
    judgeBySeeds(chosen, stage.coverage, stage.compileCache, { before: null, from: 0, to: firstSeeds }),
  );
}

/** The verdict of all other seeds. @param before the verdict of the first ones. */
export async function fullVerdictOf(
  chosen: Chosen,
  stage: SeedStage,
  before: SeedVerdict,
): Promise<SeedVerdict> {
  return keep(stage.kept, `all ${chosen.mutant.key}`, () =>
    judgeBySeeds(chosen, stage.coverage, stage.compileCache, { before, from: firstSeeds, to: Infinity }),
  );
}

/** @param scratch a file for vitest's report, which no other run uses at the time. */
export async function unitVerdictOf(
  { mutant }: Chosen,
  kept: KeptVerdicts<UnitVerdict>,
  tests: readonly string[],
  scratch: string,
): Promise<UnitVerdict> {
  return keep(kept, mutant.key, () => judgeByTests(mutant, tests, scratch));
}

async function keep<Verdict>(
  kept: KeptVerdicts<Verdict>,
  key: string,
  find: () => Promise<Verdict>,
): Promise<Verdict> {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const verdict = await find();
  kept.set(key, verdict);
  return verdict;
}
