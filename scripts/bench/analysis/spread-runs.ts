/** Sets several runs of one plan beside each other: how far each figure spreads, and whether the expectations held in each. */
import { isDeepStrictEqual } from 'node:util';
import { judgeExpectations, describeExpectation, type JudgedExpectation } from './expectations.ts';
import { figures, type FigureName } from './figures.ts';
import type { Run } from '../records/read-run.ts';
import { meanOf } from './summary.ts';
import type { BenchPlan } from '../records/run-data.ts';
import { comparedFigures } from './compare-runs.ts';

export interface FigureSpread {
  test: string;
  figure: FigureName;
  /** Each run's mean over its repeats, in the order of the runs; null for a run without a result. */
  values: (number | null)[];
  min: number;
  median: number;
  max: number;
  /** (max - min) / median. */
  relative: number;
}

export interface RunsSpread {
  runs: string[];
  figures: FigureSpread[];
  expectations: { expected: string; verdicts: JudgedExpectation['verdict'][]; ratios: (number | null)[] }[];
  /** Every expectation held in every run. */
  conclusionsHold: boolean;
  notes: string[];
}

/** Cells and expectations are those of the first run's plan. */
export function spreadRuns(runs: readonly [Run, ...Run[]]): RunsSpread {
  const { plan } = runs[0];
  const spreads = plan.cells.flatMap(({ test }) =>
    comparedFigures.flatMap((figure): FigureSpread[] => {
      const values = runs.map((run) => {
        const repeats = run.cells.filter((cell) => cell.test === test).map(figures[figure].of);
        return repeats.length === 0 ? null : meanOf(repeats);
      });
      const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
      if (known.length === 0) return [];
      const [min, median, max] = [known[0]!, medianOf(known), known.at(-1)!];
      return [{ test, figure, values, min, median, max, relative: (max - min) / median }];
    }),
  );
  const judged = runs.map((run) => judgeExpectations(plan, run.cells));
  const expectations = (plan.expectations ?? []).map((expectation, index) => ({
    expected: describeExpectation(expectation),
    verdicts: judged.map((one) => one[index]!.verdict),
    ratios: judged.map((one) => one[index]!.ratio),
  }));
  return {
    runs: runs.map(({ name }) => name),
    figures: spreads,
    expectations,
    conclusionsHold: expectations.every(({ verdicts }) => verdicts.every((verdict) => verdict === 'held')),
    notes: runs.flatMap((run) => describeGaps(run, plan)),
  };
}

function describeGaps(run: Run, plan: BenchPlan): string[] {
  const missing = plan.cells.filter(({ test }) => !run.cells.some((cell) => cell.test === test));
  return [
    ...(isDeepStrictEqual(run.plan.cells, plan.cells)
      ? []
      : [`${run.name} is a run of other cells: those of the same name are put together all the same.`]),
    ...(missing.length === 0
      ? []
      : [`Without a result in ${run.name}: ${missing.map(({ test }) => test).join(', ')}.`]),
  ];
}

function medianOf(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
