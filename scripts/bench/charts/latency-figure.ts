/** Latency against offered load, a panel for each cell that was run at fixed rates: from the median to the 99.9th percentile. */
import * as Plot from '@observablehq/plot';
import type { CellResult, Latencies, LoadResult } from '../records/run-data.ts';
import {
  axisOf,
  drawPanel,
  estimateWidth,
  type Drawing,
  type LegendEntry,
  type Panel,
} from '../draw/drawing.ts';
import { placeLabels } from '../draw/place-labels.ts';
import { chooseValueScale, formatTick, type AxisScale } from '../draw/scales.ts';
import { colorOf, type ColorName } from '../draw/theme.ts';
import { formatNumber } from '../analysis/figures.ts';
import { meanOf, type CellSummary } from '../analysis/summary.ts';

const width = 470;
const height = 290;
const margins = { marginLeft: 56, marginRight: 66, marginTop: 22, marginBottom: 40 };
/** A page can show so many; the table has all. */
const panelsMax = 12;
/** A store that answers less than this share of the offered load falls behind, and latencies grow with the run's length. */
const keptUpShare = 0.95;

const quantiles: { label: string; color: ColorName; of: (latency: Latencies) => number }[] = [
  { label: '50 %', color: 'fourth', of: (latency) => latency.medianMs },
  { label: '95 %', color: 'second', of: (latency) => latency.p95Ms },
  { label: '99 %', color: 'third', of: (latency) => latency.p99Ms },
  { label: '99.9 %', color: 'ink', of: (latency) => latency.p999Ms },
];

interface Step {
  offered: number;
  answered: number;
  keptUp: boolean;
  loads: LoadResult[];
}

/** Null when nothing was run at a fixed rate. */
export function drawLatencies(summaries: readonly CellSummary[]): Drawing | null {
  const cells = summaries
    .map((summary) => ({ summary, steps: stepsOf(summary.results) }))
    .filter(({ steps }) => steps.length > 0);
  if (cells.length === 0) return null;
  const values = cells.flatMap(({ steps }) =>
    steps.flatMap((step) => quantiles.flatMap(({ of }) => step.loads.map(({ latency }) => of(latency)))),
  );
  const y = chooseValueScale(values);
  const left = cells.length - panelsMax;
  return {
    id: 'latency-by-load',
    title: 'Latency against offered load',
    shortTitle: 'Latency by load',
    caption:
      'Fixed rates, latency counted from the moment when a request was due (coordinated omission corrected); each mark is ' +
      'the mean of the repeats. The dotted line is the peak of the closed loop.' +
      (left > 0 ? ` The first ${panelsMax} cells are drawn, ${left} more are in the table.` : ''),
    legend: [
      ...quantiles.map(({ label, color }): LegendEntry => ({
        label: `${label} of requests`,
        color,
        symbol: 'circle',
      })),
      ...(cells.some(({ steps }) => steps.some((step) => !step.keptUp))
        ? [{ label: 'hollow: fell behind', color: 'fourth', symbol: 'hollow' } as const]
        : []),
    ],
    panels: cells.slice(0, panelsMax).map(({ summary, steps }) => drawCell(summary, steps, y)),
    table: {
      columns: ['test', 'offered/s', 'answered/s', ...quantiles.map(({ label }) => `${label}, ms`)],
      rows: cells.flatMap(({ summary, steps }) =>
        steps.map((step) => [
          summary.test,
          formatNumber(step.offered),
          formatNumber(step.answered),
          ...quantiles.map(({ of }) => formatNumber(meanOf(step.loads.map(({ latency }) => of(latency))))),
        ]),
      ),
    },
  };
}

/** The n-th rate of each repeat belongs together: rates are shares of that repeat's own peak. */
function stepsOf(results: readonly CellResult[]): Step[] {
  const count = Math.max(0, ...results.map((result) => result.rates.length));
  return Array.from({ length: count }, (_, index) => {
    const loads = results.flatMap((result) => result.rates[index] ?? []);
    const offered = meanOf(loads.map((load) => load.offeredPerSecond ?? load.requestsPerSecond));
    const answered = meanOf(loads.map((load) => load.requestsPerSecond));
    return { offered, answered, keptUp: answered >= keptUpShare * offered, loads };
  }).toSorted((a, b) => a.offered - b.offered);
}

function drawCell({ test, cell, results }: CellSummary, steps: readonly Step[], y: AxisScale): Panel {
  const peak = meanOf(results.map((result) => result.peak.requestsPerSecond));
  const top = Math.max(peak, ...steps.map((step) => step.offered)) * 1.04;
  const scaleX = { domain: [0, top], range: [margins.marginLeft, width - margins.marginRight] };
  const scaleY = { ...y, range: [height - margins.marginBottom, margins.marginTop] };
  const pixels = Plot.scale({ y: scaleY });
  const lines = quantiles.map(({ label, color, of }) => ({
    label,
    color,
    points: steps.map((step) => ({
      ...step,
      y: meanOf(step.loads.map(({ latency }) => of(latency))),
      title:
        `${test}: ${formatNumber(step.offered)}/s offered, ${formatNumber(step.answered)}/s answered\n` +
        `${label} within ${formatNumber(meanOf(step.loads.map(({ latency }) => of(latency))))} ms`,
    })),
  }));
  const placed = placeLabels(
    lines.map(({ label, points }) => ({
      x: 0,
      y: pixels.apply(points.at(-1)!.y),
      width: estimateWidth(label),
    })),
    { top: margins.marginTop, bottom: height - margins.marginBottom - 6, gap: 15 },
  );
  const load = `${cell.sharders} sharder${cell.sharders === 1 ? '' : 's'}, ${cell.shards} shard${cell.shards === 1 ? '' : 's'}`;
  return drawPanel(`${test}: ${load}, ${cell.workload.name}; ms${y.type === 'log' ? ' (logarithmic)' : ''}`, {
    width,
    height,
    ...margins,
    x: {
      ...scaleX,
      label: 'offered, requests/s',
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: 5,
      tickFormat: formatTick,
    },
    y: { ...scaleY, axis: null },
    marks: [
      axisOf(y.ticks),
      Plot.gridY(y.ticks, { stroke: colorOf('grid'), strokeOpacity: 1 }),
      Plot.ruleY([y.domain[0]], { stroke: colorOf('faint') }),
      Plot.ruleX([peak], { stroke: colorOf('faint'), strokeDasharray: '2 4', strokeWidth: 1.5 }),
      Plot.text([`peak ${formatNumber(peak)}/s`], {
        x: peak,
        frameAnchor: 'top',
        dy: -14,
        textAnchor: 'middle',
        fill: colorOf('faint'),
      }),
      ...lines.flatMap(({ label, color, points }, index) => [
        Plot.line(points, { x: 'offered', y: 'y', stroke: colorOf(color), strokeWidth: 2 }),
        Plot.dot(points, {
          x: 'offered',
          y: 'y',
          r: 4,
          stroke: colorOf(color),
          strokeWidth: 1.8,
          fill: (point: Step) => colorOf(point.keptUp ? color : 'paper'),
        }),
        Plot.dot(points, { x: 'offered', y: 'y', r: 10, fill: 'transparent', title: 'title' }),
        Plot.text([label], {
          frameAnchor: 'top-right',
          textAnchor: 'start',
          dx: 6,
          dy: placed[index]! - margins.marginTop,
          lineAnchor: 'middle',
          fill: colorOf(color),
          fontWeight: 600,
        }),
      ]),
    ],
  });
}
