/** Sums up the repeats of each planned cell; a planned cell without a result is included, without figures. */
import type { CellFailure, CellPlan, CellResult } from '../records/run-data.ts';
import { figures, type FigureName } from './figures.ts';
import type { Run } from '../records/read-run.ts';

export interface Spread {
  /** One a repeat, in order. */
  values: number[];
  mean: number;
  min: number;
  max: number;
}

export interface CellSummary {
  test: string;
  cell: CellPlan;
  results: CellResult[];
  failures: CellFailure[];
  /** The limits of its repeats, each once, the most frequent first. */
  limits: CellResult['limit'][];
  /** In some repeat the machine or the generator was the limit: the figures are not the store's. */
  notTheStore: boolean;
}

export function summarize(run: Run): CellSummary[] {
  return run.plan.cells.map((cell) => {
    const results = run.cells.filter((result) => result.test === cell.test);
    const limits = byFrequency(results.map((result) => result.limit));
    return {
      test: cell.test,
      cell,
      results,
      failures: run.failures.filter((failure) => failure.test === cell.test),
      limits,
      notTheStore: limits.includes('machine') || limits.includes('generator'),
    };
  });
}

/** Null when no repeat has a result. */
export function spreadOf(summary: CellSummary, figure: FigureName): Spread | null {
  return spread(summary.results.map(figures[figure].of));
}

/** Null for no values. */
export function spread(values: number[]): Spread | null {
  if (values.length === 0) return null;
  return { values, mean: meanOf(values), min: Math.min(...values), max: Math.max(...values) };
}

export function meanOf(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function byFrequency<T>(values: T[]): T[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([value]) => value);
}

/** "ycsb-a (zipfian, 500 users), 3 members a shard": the same for all cells that may be compared. */
export function describeLoad(cell: CellPlan): string {
  const { name, users, distribution } = cell.workload;
  const { sharderCpu, etcdCpu, ssd } = cell.limits ?? {};
  return [
    `${name} (${distribution}, ${users} users)`,
    `${cell.members} ${cell.members === 1 ? 'member' : 'members'} a shard`,
    ...(sharderCpu === undefined
      ? []
      : [sharderCpu === null ? 'sharders unlimited' : `${sharderCpu} a sharder`]),
    ...(etcdCpu === undefined ? [] : [etcdCpu === null ? 'members unlimited' : `${etcdCpu} a member`]),
    ...(ssd === undefined ? [] : [`disk ${ssd}`]),
  ].join(', ');
}
