/** The fate of a mutant, and the totals of many. */
import type { SeedVerdict } from '../run/judge.ts';
import type { Mutant } from '../syntax/mutant.ts';
import type { Equivalent } from './equivalents.ts';

export interface UnitVerdict {
  /** The first test that failed, or `silent`; null: none. */
  broken: string | null;
}

export interface Judged {
  mutant: Mutant;
  /** Number among all mutants of the rooms. */
  number: number;
  seeds: SeedVerdict;
  /** Null: the seeds had killed it, or the unit tests were not run. */
  unit: UnitVerdict | null;
  /** Why it is no mistake; null: the list does not have it. */
  equivalent: string | null;
}

export interface Totals {
  mutants: number;
  equivalent: number;
  bySeeds: number;
  byTests: number;
  survived: number;
}

export const isKilledBySeeds = ({ seeds }: Judged) => seeds.broken !== null;
const isKilledByTests = (judged: Judged) =>
  !isKilledBySeeds(judged) && (judged.unit?.broken ?? null) !== null;
export const isSurvivor = (judged: Judged) =>
  !isKilledBySeeds(judged) && !isKilledByTests(judged) && judged.equivalent === null;

/** A mutant that is killed was not equivalent, whatever the list says. */
export function totalsOf(all: readonly Judged[]): Totals {
  const count = (is: (judged: Judged) => boolean) => all.filter(is).length;
  const [bySeeds, byTests, survived] = [isKilledBySeeds, isKilledByTests, isSurvivor].map(count);
  const equivalent = all.length - bySeeds! - byTests! - survived!;
  return { mutants: all.length, equivalent, bySeeds: bySeeds!, byTests: byTests!, survived: survived! };
}

export function reasonsOf(equivalents: readonly Equivalent[]): Map<string, string> {
  return new Map(equivalents.map(({ key, reason }) => [key, reason]));
}
