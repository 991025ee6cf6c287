/**
 * Compares two runs cell by cell: ratios with confidence intervals, and which of them are regressions. A figure is worse
 * when the change exceeds the threshold and the interval excludes "no change"; with one repeat there is no interval, and
 * the threshold alone decides, which the output says.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CellPlan, CellResult } from '../records/run-data.ts';
import { figures, formatRatio, type FigureName } from './figures.ts';
import type { Run } from '../records/read-run.ts';
import { meanOf } from './summary.ts';
import { ratioOf, type Ratio } from './ratio.ts';

export const comparedFigures = [
  'requests_per_second',
  'median_ms',
  'mean_ms',
  'p95_ms',
  'p99_ms',
] as const satisfies FigureName[];

/** More requests without a good answer than before by this share of all is worse, however few there were. */
const unansweredShareMax = 0.001;

export interface CompareOptions {
  /** A change by more than this share counts: 0.1 for a tenth. */
  threshold: number;
  /** The confidence of each interval on its own: 0.95. */
  confidence: number;
}

export const defaultCompareOptions: CompareOptions = { threshold: 0.1, confidence: 0.95 };

/** 'unclear': the ratio says that it changed, the interval allows that it did not; more repeats would decide. */
export type Verdict = 'regression' | 'better' | 'unclear' | 'same';

export interface FigureComparison extends Ratio {
  figure: FigureName;
  /** Means over the repeats. */
  a: number;
  b: number;
  verdict: Verdict;
}

export interface CellComparison {
  test: string;
  repeats: { a: number; b: number };
  figures: FigureComparison[];
  /** Failed and unknown, as a share of all requests. */
  unanswered: { a: number; b: number; verdict: Verdict };
}

export interface Comparison {
  a: string;
  b: string;
  options: CompareOptions;
  cells: CellComparison[];
  /** Sentences: what could not be compared, and how the two runs differ. */
  notes: string[];
  /** Sentences, one for each cell that is worse; empty is good. */
  regressions: string[];
}

export function compareRuns(a: Run, b: Run, options: CompareOptions = defaultCompareOptions): Comparison {
  const notes = describeDifferences(a, b);
  const regressions: string[] = [];
  const cells: CellComparison[] = [];
  for (const plan of a.plan.cells) {
    const { test } = plan;
    const other = b.plan.cells.find((cell) => cell.test === test);
    const before = a.cells.filter((cell) => cell.test === test);
    const after = b.cells.filter((cell) => cell.test === test);
    const failed = b.failures.filter((failure) => failure.test === test);
    if (other === undefined) notes.push(`${test} is not in the plan of ${b.name}.`);
    else if (!isDeepStrictEqual(effective(a, plan), effective(b, other)))
      notes.push(`${test} is another cell in ${b.name} and was not compared.`);
    else if (before.length === 0) notes.push(`${test} has no result in ${a.name}.`);
    else if (after.length === 0 && failed.length === 0) notes.push(`${test} was not reached in ${b.name}.`);
    else if (after.length === 0) regressions.push(`${test} failed: ${failed[0]!.failure}`);
    else cells.push(compareCell(test, before, after, options));
  }
  const added = b.plan.cells.filter(({ test }) => !a.plan.cells.some((cell) => cell.test === test));
  if (added.length > 0)
    notes.push(`Not in the plan of ${a.name}: ${added.map(({ test }) => test).join(', ')}.`);
  regressions.push(...cells.flatMap(describeRegressions));
  return { a: a.name, b: b.name, options, cells, notes, regressions };
}

function compareCell(
  test: string,
  before: readonly CellResult[],
  after: readonly CellResult[],
  options: CompareOptions,
): CellComparison {
  const unanswered = { a: unansweredShare(before), b: unansweredShare(after) };
  return {
    test,
    repeats: { a: before.length, b: after.length },
    figures: comparedFigures.flatMap((figure) => {
      const a = before.map(figures[figure].of);
      const b = after.map(figures[figure].of);
      const ratio = ratioOf(a, b, options.confidence);
      if (ratio === null) return [];
      return [{ figure, a: meanOf(a), b: meanOf(b), ...ratio, verdict: judge(figure, ratio, options) }];
    }),
    unanswered: {
      ...unanswered,
      verdict: unanswered.b > unanswered.a + unansweredShareMax ? 'regression' : 'same',
    },
  };
}

function judge(figure: FigureName, { ratio, interval }: Ratio, { threshold }: CompareOptions): Verdict {
  const harm = figures[figure].better === 'more' ? 1 / ratio : ratio;
  if (harm <= 1 + threshold && 1 / harm <= 1 + threshold) return 'same';
  if (interval !== null && interval.low <= 1 && interval.high >= 1) return 'unclear';
  return harm > 1 ? 'regression' : 'better';
}

/** One sentence, or none. */
function describeRegressions({ test, figures: compared, unanswered }: CellComparison): string[] {
  const worse = compared.filter(({ verdict }) => verdict === 'regression');
  const parts = worse.map(({ figure, ratio }) => `${figures[figure].short} ${formatRatio(ratio)}`);
  if (unanswered.verdict === 'regression')
    parts.push(`${(unanswered.b * 100).toFixed(2)} % of requests without an answer`);
  const surety = worse.some(({ interval }) => interval === null) ? ' (of one repeat: it may be chance)' : '';
  return parts.length === 0 ? [] : [`${test}: ${parts.join('; ')}${surety}`];
}

function unansweredShare(results: readonly CellResult[]): number {
  const sum = (of: (result: CellResult) => number): number => results.reduce((all, one) => all + of(one), 0);
  const requests = sum(({ peak }) => peak.requests);
  return requests === 0 ? 0 : sum(({ peak }) => peak.failed + peak.indefinite) / requests;
}

/** The parts of a cell that decide its figures, the plan's limits included. */
function effective({ plan }: Run, { sharders, shards, members, workload, limits }: CellPlan): object {
  return { sharders, shards, members, workload, limits: { ...plan.limits, ...limits } };
}

/** Differences of the runs apart from the measurements: with these the ratios say less about the code. */
function describeDifferences(a: Run, b: Run): string[] {
  const notes: string[] = [];
  for (const name of ['machine', 'cores', 'memoryBytes', 'os', 'node', 'etcd', 'provider', 'disk'] as const) {
    const [before, after] = [a.environment?.[name], b.environment?.[name]];
    if (before !== undefined && after !== undefined && before !== after)
      notes.push(`Unlike ${name}: ${before} and ${after}.`);
  }
  for (const name of ['warmupSeconds', 'durationSeconds'] as const) {
    const [before, after] = [a.plan[name], b.plan[name]];
    if (before !== after) notes.push(`Unlike ${name} in the plans: ${before} and ${after}.`);
  }
  return notes;
}
