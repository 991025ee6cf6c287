/**
 * The original's figure: requests/s, median, mean and 95th percentile against the number of sharders, or of shards, with
 * the original's published values, the predicted ones and this run's measured ones.
 */
import * as Plot from '@observablehq/plot';
import { axisOf, drawPanel, type Drawing, type LegendEntry, type Panel } from '../draw/drawing.ts';
import { chooseCountScale, chooseValueScale } from '../draw/scales.ts';
import { colorOf } from '../draw/theme.ts';
import { figures, plottedFigures, type PlottedFigure } from '../analysis/figures.ts';
import { fitLaw, type LawPoint } from './law.ts';
import { drawLabels, drawLaw, drawSeries, drawValues } from './scaling-marks.ts';
import { scalingTable } from './scaling-table.ts';
import { collectSeries, type ScalingInput, type Series, type SeriesPoint } from './series.ts';
import { describeLoad } from '../analysis/summary.ts';

const width = 470;
const height = 300;
const margins = { marginLeft: 56, marginRight: 92, marginTop: 14, marginBottom: 40 };

/** Keeps the first mark and its value off the axis. */
const insetLeft = 22;

export function drawScaling(id: string, input: ScalingInput): Drawing {
  const { group } = input;
  const series = collectSeries(input);
  const failed = group.cells
    .filter((cell) => input.summaries.some(({ test, results }) => test === cell.test && results.length === 0))
    .map((cell) => cell[group.axis]);
  const points = series.flatMap((one) => one.points);
  const other = group.axis === 'sharders' ? 'shards' : 'sharders';
  const alone = input.scope === 'run';
  const law = fitLaw(input);
  return {
    id,
    title: `Scaling with the number of ${group.axis}${alone ? ', this run' : ''}`,
    shortTitle: `By ${group.axis}${alone ? ', this run' : ''}`,
    caption:
      `Measured: ${describeLoad(group.cells[0]!)}, ${group.fixed} ${group.fixed === 1 ? other.slice(0, -1) : other}; ` +
      'the mark is the mean of the repeats, the bar goes from the least to the most.' +
      (alone
        ? ` ${law.sentence}`
        : ` Original: 2022, on GKE, 500 users, ${group.axis === 'sharders' ? 'seven shards' : 'thirty sharders'}.`),
    legend: makeLegend(series, points, failed, alone && law.curve.length > 0),
    panels: plottedFigures.map((figure) => drawFigurePanel(figure, input, series, failed, law.curve)),
    table: scalingTable(group, series),
  };
}

function drawFigurePanel(
  figure: PlottedFigure,
  { group, scope }: ScalingInput,
  series: readonly Series[],
  failed: readonly number[],
  law: readonly LawPoint[],
): Panel {
  const shown = series
    .map((one) => ({ ...one, points: one.points.filter((point) => point.figure === figure && point.y > 0) }))
    .filter((one) => one.points.length > 0);
  const points = shown.flatMap((one) => one.points);
  const inner = width - margins.marginLeft - margins.marginRight - insetLeft;
  const x = chooseCountScale([...points.map((point) => point.x), ...failed], inner);
  const y = chooseValueScale(points.flatMap((point) => [point.low, point.y, point.high]));
  const scaleX = { ...x, range: [margins.marginLeft + insetLeft, width - margins.marginRight] };
  const scaleY = { ...y, range: [height - margins.marginBottom, margins.marginTop] };
  const label = `${figures[figure].label}${y.type === 'log' ? ' (logarithmic)' : ''}`;
  const pixels = { x: Plot.scale({ x: scaleX }), y: Plot.scale({ y: scaleY }) };
  return drawPanel(label, {
    width,
    height,
    ...margins,
    x: {
      ...scaleX,
      label: `number of ${group.axis}${x.type === 'log' ? ' (logarithmic)' : ''}`,
      labelAnchor: 'center',
      labelArrow: 'none',
      tickFormat: String,
    },
    y: { ...scaleY, axis: null },
    marks: [
      axisOf(y.ticks),
      Plot.gridY(y.ticks, { stroke: colorOf('grid'), strokeOpacity: 1 }),
      Plot.ruleY([y.domain[0]], { stroke: colorOf('faint') }),
      ...(scope === 'run' && figure === 'requests_per_second' ? drawLaw(law) : []),
      ...shown.flatMap((one) => drawSeries(one, failed)),
      Plot.dot(failed, {
        x: (count: number) => count,
        y: () => y.domain[0],
        symbol: 'times',
        r: 5,
        dy: -8,
        stroke: colorOf('bad'),
        strokeWidth: 2,
        title: (count: number) => `${count} ${group.axis}: not measured, the cell failed`,
      }),
      ...drawLabels(shown, pixels, {
        top: margins.marginTop,
        bottom: height - margins.marginBottom,
      }),
      ...(scope === 'run' ? drawValues(shown) : []),
    ],
  });
}

function makeLegend(
  series: readonly Series[],
  points: readonly SeriesPoint[],
  failed: readonly number[],
  withLaw: boolean,
): LegendEntry[] {
  const entries: LegendEntry[] = series.map(({ legend, color, symbol, dashed }) => ({
    label: legend,
    color,
    symbol,
    dashed,
  }));
  if (points.some((point) => point.hollow))
    entries.push({ label: 'hollow: this machine was the limit', color: 'measured', symbol: 'hollow' });
  if (withLaw) entries.push({ label: 'scaling law, fitted', color: 'faint', symbol: 'line' });
  if (failed.length > 0) entries.push({ label: 'cell without a result', color: 'bad', symbol: 'times' });
  return entries;
}
