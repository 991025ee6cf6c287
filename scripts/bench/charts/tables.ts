/** The report's tables that belong to no figure: all cells, expectations, failures, use, balance and disks. */
import { emulatedDisk } from '../../../cluster/disk/disk-profile.ts';
import type { CellPlan, CellResult, Limits } from '../records/run-data.ts';
import type { DataTable } from '../draw/drawing.ts';
import { describeExpectation, type JudgedExpectation } from '../analysis/expectations.ts';
import { figures, formatNumber, formatRatio, type FigureName } from '../analysis/figures.ts';
import type { Run } from '../records/read-run.ts';
import { meanOf, spread, spreadOf, type CellSummary } from '../analysis/summary.ts';
import { kindOf, type Kind } from './use-figure.ts';

const mebibyte = 2 ** 20;
const shownFigures = Object.keys(figures) as FigureName[];

/** One row for each planned cell, in the plan's order. */
export function cellTable(summaries: readonly CellSummary[]): DataTable {
  return {
    columns: [
      'test',
      'sharders',
      'shards',
      'load',
      'repeats',
      'limit',
      ...shownFigures.map((name) => figures[name].short),
      'failed',
      'unknown',
    ],
    rows: summaries.map((summary) => [
      summary.test,
      summary.cell.sharders,
      summary.cell.shards,
      summary.cell.workload.name,
      summary.results.length,
      summary.results.length > 0 ? describeLimits(summary) : 'no result',
      ...shownFigures.map((name) => describeSpread(summary, name)),
      total(summary.results, (result) => result.peak.failed),
      total(summary.results, (result) => result.peak.indefinite),
    ]),
  };
}

export function expectationTable(judged: readonly JudgedExpectation[]): DataTable {
  return {
    columns: ['', 'expected', 'measured'],
    rows: judged.map(({ expectation, ratio, verdict }) => [
      verdict,
      describeExpectation(expectation),
      ratio === null ? null : formatRatio(ratio),
    ]),
  };
}

export function failureTable(run: Run): DataTable {
  return {
    columns: ['test', 'repeat', 'what failed'],
    rows: run.failures.map(({ test, repeat, failure }) => [test, repeat, failure]),
  };
}

/** Memory, batches and the balance between shards. */
export function useTable(summaries: readonly CellSummary[]): DataTable {
  return {
    columns: [
      'test',
      'cores/sharder',
      'cores/member',
      'MiB/sharder',
      'MiB/member',
      'reads/batch',
      'writes/batch',
      'busiest shard',
      'limit',
    ],
    rows: summaries
      .filter(({ results }) => results.length > 0)
      .map((summary) => {
        const { results } = summary;
        return [
          summary.test,
          describeMean(coresOfEach(results, 'sharders')),
          describeMean(coresOfEach(results, 'members')),
          describeMost(memoryOfEach(results, 'sharders')),
          describeMost(memoryOfEach(results, 'members')),
          describeMean(results.map(({ batch }) => batch.reads)),
          describeMean(results.map(({ batch }) => batch.writes)),
          describeMean(results.map(imbalance), formatRatio),
          describeLimits(summary),
        ];
      }),
  };
}

/** Fsyncs as the members counted them, beside the emulated disk's limit; null when no member reported any. */
export function fsyncTable(run: Run, summaries: readonly CellSummary[]): DataTable | null {
  const rows = summaries.flatMap((summary) => {
    const fsyncs = summary.results.flatMap(({ fsync }) => fsync);
    const rates = spread(fsyncs.map((one) => one.fsyncsPerSecond));
    if (rates === null) return [];
    const iops = emulatedIops(run.plan.limits, summary.cell);
    return [
      [
        summary.test,
        summary.results[0]!.fsync.length,
        describeMean(fsyncs.map((one) => one.p50Ms)),
        describeMean(fsyncs.map((one) => one.p99Ms)),
        formatNumber(Math.max(...fsyncs.map((one) => one.p99Ms))),
        formatNumber(rates.mean),
        formatNumber(rates.max),
        iops === null ? 'no limit' : formatNumber(iops),
      ],
    ];
  });
  if (rows.length === 0) return null;
  return {
    columns: [
      'test',
      'members',
      'median, ms',
      'p99, ms',
      'worst p99, ms',
      'fsyncs/s',
      'most fsyncs/s',
      'emulated IOPS',
    ],
    rows,
  };
}

function describeLimits({ limits, notTheStore }: CellSummary): string {
  return `${limits.join(', ')}${notTheStore ? ' *' : ''}`;
}

function emulatedIops(limits: Limits, cell: CellPlan): number | null {
  const { ssd } = { ...limits, ...cell.limits };
  return /^pd-ssd:[1-9][0-9]*(Gi|Ti)$/.test(ssd) ? emulatedDisk(ssd, null)!.iops : null;
}

function describeSpread(summary: CellSummary, name: FigureName): string | null {
  const found = spreadOf(summary, name);
  if (found === null) return null;
  if (found.min === found.max) return formatNumber(found.mean);
  return `${formatNumber(found.mean)} (${formatNumber(found.min)}–${formatNumber(found.max)})`;
}

function total(results: readonly CellResult[], of: (result: CellResult) => number): number {
  return results.reduce((sum, result) => sum + of(result), 0);
}

function coresOfEach(results: readonly CellResult[], kind: Kind): number[] {
  return results.flatMap(({ use }) =>
    use.filter(({ name }) => kindOf(name) === kind).map(({ cores }) => cores),
  );
}

function memoryOfEach(results: readonly CellResult[], kind: Kind): number[] {
  return results.flatMap(({ use }) =>
    use.filter(({ name }) => kindOf(name) === kind).map(({ memoryBytesMax }) => memoryBytesMax / mebibyte),
  );
}

function describeMean(values: (number | null)[], format = formatNumber): string | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : format(meanOf(known));
}

function describeMost(values: number[]): string | null {
  return values.length === 0 ? null : formatNumber(Math.max(...values));
}

/** 1 when all shards answer equally many requests; null when nothing was counted. */
function imbalance({ requestsPerShard }: CellResult): number | null {
  const counts = Object.values(requestsPerShard);
  const mean = counts.length === 0 ? 0 : meanOf(counts);
  return mean === 0 ? null : Math.max(...counts) / mean;
}
