/** Throughput over time, a panel for each cell and a line for each repeat: whether the load was steady while it was measured. */
import * as Plot from '@observablehq/plot';
import type { Sample } from '../records/run-data.ts';
import { axisOf, drawPanel, type Drawing, type Panel } from '../draw/drawing.ts';
import { chooseValueScale } from '../draw/scales.ts';
import { colorOf } from '../draw/theme.ts';
import { formatNumber } from '../analysis/figures.ts';
import type { Run } from '../records/read-run.ts';
import { meanOf, type CellSummary } from '../analysis/summary.ts';

const width = 470;
const height = 220;
const margins = { marginLeft: 56, marginRight: 16, marginTop: 12, marginBottom: 40 };
/** A page can show so many; the samples are in the run's folder. */
const panelsMax = 16;

interface Repeat {
  name: string;
  samples: readonly Sample[];
}

/** Null when there are no samples. */
export function drawTimelines(run: Run, summaries: readonly CellSummary[]): Drawing | null {
  const cells = summaries
    .map((summary) => ({
      summary,
      repeats: summary.results
        .map(({ repeat }) => `${summary.test}-${repeat}`)
        .map((name): Repeat => ({ name, samples: run.samples.get(name) ?? [] }))
        .filter(({ samples }) => samples.length > 0),
    }))
    .filter(({ repeats }) => repeats.length > 0);
  if (cells.length === 0) return null;
  const troubled = cells.some(({ repeats }) => repeats.some(({ samples }) => samples.some(isTroubled)));
  const left = cells.length - panelsMax;
  return {
    id: 'throughput-over-time',
    title: 'Throughput over time',
    shortTitle: 'Over time',
    caption:
      'Requests answered in each second of the closed loop, a line for each repeat.' +
      (left > 0 ? ` The first ${panelsMax} cells are drawn, ${left} more are in the table.` : ''),
    legend: [
      { label: 'one repeat', color: 'measured', symbol: 'line' },
      ...(troubled ? [{ label: 'failed or unknown outcomes', color: 'bad', symbol: 'times' } as const] : []),
    ],
    panels: cells.slice(0, panelsMax).map(({ summary, repeats }) => drawCell(summary, repeats)),
    table: {
      columns: ['repeat', 'seconds', 'least in a second', 'mean', 'most in a second', 'failed', 'unknown'],
      rows: cells.flatMap(({ repeats }) => repeats.map(describeRepeat)),
    },
  };
}

function drawCell({ test, cell }: CellSummary, repeats: readonly Repeat[]): Panel {
  const y = chooseValueScale(repeats.flatMap(({ samples }) => samples.map(({ requests }) => requests)));
  // The axis always begins at zero, so that steadiness can be judged.
  const top = y.domain[1];
  const scaled =
    y.type === 'linear'
      ? y
      : { ...y, type: 'linear' as const, ticks: [0, Math.round(top / 2), Math.round(top)] };
  const points = repeats.flatMap(({ name, samples }) =>
    samples.map((sample) => ({
      ...sample,
      name,
      title:
        `${name}, second ${sample.second}: ${formatNumber(sample.requests)} requests\n` +
        `median ${formatNumber(sample.p50Ms)} ms, 99 % within ${formatNumber(sample.p99Ms)} ms` +
        (isTroubled(sample) ? `\n${sample.failed} failed, ${sample.indefinite} unknown` : ''),
    })),
  );
  return drawPanel(`${test}: ${cell.sharders} × ${cell.shards}, ${cell.workload.name}; requests/s`, {
    width,
    height,
    ...margins,
    x: { label: 'seconds', labelAnchor: 'center', labelArrow: 'none', ticks: 6, tickFormat: String },
    y: { type: 'linear', domain: [0, top], axis: null },
    marks: [
      axisOf(scaled.ticks),
      Plot.gridY(scaled.ticks, { stroke: colorOf('grid'), strokeOpacity: 1 }),
      Plot.ruleY([0], { stroke: colorOf('faint') }),
      Plot.line(points, {
        x: 'second',
        y: 'requests',
        z: 'name',
        stroke: colorOf('measured'),
        strokeWidth: 1.6,
        strokeOpacity: 0.75,
      }),
      Plot.dot(points.filter(isTroubled), {
        x: 'second',
        y: 0,
        dy: -7,
        symbol: 'times',
        r: 4.5,
        stroke: colorOf('bad'),
        strokeWidth: 2,
      }),
      Plot.dot(points, { x: 'second', y: 'requests', r: 7, fill: 'transparent', title: 'title' }),
    ],
  });
}

function isTroubled(sample: Sample): boolean {
  return sample.failed + sample.indefinite > 0;
}

function describeRepeat({ name, samples }: Repeat): (string | number)[] {
  const requests = samples.map((sample) => sample.requests);
  const total = (of: (sample: Sample) => number): number => samples.reduce((sum, one) => sum + of(one), 0);
  return [
    name,
    samples.length,
    formatNumber(Math.min(...requests)),
    formatNumber(meanOf(requests)),
    formatNumber(Math.max(...requests)),
    total((sample) => sample.failed),
    total((sample) => sample.indefinite),
  ];
}
