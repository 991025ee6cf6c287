/** The figures of a cell in reports and comparisons: how each is named, read, written and judged. */
import type { CellResult } from '../records/run-data.ts';

export type FigureName =
  'requests_per_second' | 'median_ms' | 'mean_ms' | 'p90_ms' | 'p95_ms' | 'p99_ms' | 'p99_9_ms' | 'max_ms';

export interface Figure {
  name: FigureName;
  /** With its unit: "95th percentile, ms". */
  label: string;
  /** For a column: "p95, ms". */
  short: string;
  better: 'more' | 'less';
  of: (cell: CellResult) => number;
}

export const figures: Record<FigureName, Figure> = {
  requests_per_second: {
    name: 'requests_per_second',
    label: 'requests/s',
    short: 'requests/s',
    better: 'more',
    of: (cell) => cell.peak.requestsPerSecond,
  },
  median_ms: latency('median_ms', 'median, ms', 'median', (cell) => cell.peak.latency.medianMs),
  mean_ms: latency('mean_ms', 'mean, ms', 'mean', (cell) => cell.peak.latency.meanMs),
  p90_ms: latency('p90_ms', '90th percentile, ms', 'p90', (cell) => cell.peak.latency.p90Ms),
  p95_ms: latency('p95_ms', '95th percentile, ms', 'p95', (cell) => cell.peak.latency.p95Ms),
  p99_ms: latency('p99_ms', '99th percentile, ms', 'p99', (cell) => cell.peak.latency.p99Ms),
  p99_9_ms: latency('p99_9_ms', '99.9th percentile, ms', 'p99.9', (cell) => cell.peak.latency.p999Ms),
  max_ms: latency('max_ms', 'slowest, ms', 'max', (cell) => cell.peak.latency.maxMs),
};

/** The four that the original plotted, in its order. */
export const plottedFigures = ['requests_per_second', 'median_ms', 'mean_ms', 'p95_ms'] as const;
export type PlottedFigure = (typeof plottedFigures)[number];

function latency(name: FigureName, label: string, short: string, of: (cell: CellResult) => number): Figure {
  return { name, label, short: `${short}, ms`, better: 'less', of };
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const threeDigits = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** "12,345", "123", "1.23": three digits at least, never a false precision beyond them below a thousand. */
export function formatNumber(value: number): string {
  return Math.abs(value) >= 1000 ? whole.format(value) : threeDigits.format(value);
}

/** "1.48x", "37x" and so on. */
export function formatRatio(value: number): string {
  return `${value >= 100 ? whole.format(value) : value.toPrecision(3)}×`;
}
