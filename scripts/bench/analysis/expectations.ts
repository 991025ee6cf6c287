/** Judges a plan's expectations of its cells: held, broken, or not judged because a cell is missing. */
import type { BenchPlan, CellResult, Expectation } from '../records/run-data.ts';
import { figures, formatRatio } from './figures.ts';
import { meanOf } from './summary.ts';

export interface JudgedExpectation {
  expectation: Expectation;
  /** figure(to) / figure(from), each the mean over its repeats; null when one of the two was not measured. */
  ratio: number | null;
  verdict: 'held' | 'broken' | 'not measured';
}

export function judgeExpectations(
  plan: Pick<BenchPlan, 'expectations'>,
  cells: readonly CellResult[],
): JudgedExpectation[] {
  return (plan.expectations ?? []).map((expectation) => {
    const mean = (test: string): number | null => {
      const measured = cells.filter((cell) => cell.test === test).map(figures[expectation.figure].of);
      return measured.length === 0 ? null : meanOf(measured);
    };
    const from = mean(expectation.from);
    const to = mean(expectation.to);
    if (from === null || to === null || from === 0)
      return { expectation, ratio: null, verdict: 'not measured' };
    const ratio = to / from;
    const { ratioMin, ratioMax } = expectation;
    const held = (ratioMin === null || ratio >= ratioMin) && (ratioMax === null || ratio <= ratioMax);
    return { expectation, ratio, verdict: held ? 'held' : 'broken' };
  });
}

/** "requests/s of b is at least 1.70x that of a". */
export function describeExpectation(expectation: Expectation): string {
  const { from, to, figure, ratioMin, ratioMax } = expectation;
  const name = figure === 'p95_ms' ? 'the 95th percentile' : 'requests/s';
  const bounds = [
    ratioMin === null ? null : `at least ${formatRatio(ratioMin)}`,
    ratioMax === null ? null : `at most ${formatRatio(ratioMax)}`,
  ].filter((bound) => bound !== null);
  return `${name} of ${to} is ${bounds.join(' and ')} that of ${from}`;
}
