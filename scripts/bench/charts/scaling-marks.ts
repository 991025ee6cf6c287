/** The marks of a scaling panel: lines, bars of spread, points, their names and values, and the fitted law. */
import * as Plot from '@observablehq/plot';
import { estimateWidth, haloed } from '../draw/drawing.ts';
import { placeLabels } from '../draw/place-labels.ts';
import { colorOf } from '../draw/theme.ts';
import { formatNumber } from '../analysis/figures.ts';
import type { LawPoint } from './law.ts';
import type { Series, SeriesPoint } from './series.ts';

/** The fitted law lies under the points. */
export function drawLaw(curve: readonly LawPoint[]): Plot.Markish[] {
  return [
    Plot.line(curve, {
      x: 'count',
      y: 'requestsPerSecond',
      stroke: colorOf('faint'),
      strokeWidth: 5,
      strokeOpacity: 0.45,
      strokeLinecap: 'round',
    }),
  ];
}

/**
 * A line, bars of spread and marks.
 * @param failed counts without a result: the measured line does not run across them as if they were there.
 */
export function drawSeries(series: Series, failed: readonly number[]): Plot.Markish[] {
  const color = colorOf(series.color);
  const { points } = series;
  const marks: Plot.Markish[] = [
    Plot.line(withGaps(series, failed), {
      x: 'x',
      y: 'y',
      stroke: color,
      strokeWidth: 2,
      ...(series.dashed ? { strokeDasharray: '5 4' } : {}),
    }),
  ];
  const spread = points.filter((point) => point.high > point.low);
  if (spread.length > 0) {
    const cap = { r: 5, symbol: capSymbol, stroke: color, strokeWidth: 2, x: 'x' };
    marks.push(Plot.ruleX(spread, { x: 'x', y1: 'low', y2: 'high', stroke: color, strokeWidth: 2 }));
    marks.push(Plot.dot(spread, { ...cap, y: 'low' }), Plot.dot(spread, { ...cap, y: 'high' }));
  }
  marks.push(
    Plot.dot(points, {
      x: 'x',
      y: 'y',
      symbol: series.symbol,
      r: 4.5,
      stroke: color,
      strokeWidth: 1.8,
      fill: (point: SeriesPoint) => (point.hollow ? colorOf('paper') : color),
    }),
    // An invisible bigger mark catches the pointer.
    Plot.dot(points, { x: 'x', y: 'y', r: 11, fill: 'transparent', title: 'title' }),
  );
  return marks;
}

/** The end of a bar of spread: a short stroke across it. */
const capSymbol = {
  draw(context: { moveTo(x: number, y: number): void; lineTo(x: number, y: number): void }, size: number) {
    const half = Math.sqrt(size) / 2.4;
    context.moveTo(-half, 0);
    context.lineTo(half, 0);
  },
};

function withGaps({ name, points }: Series, failed: readonly number[]): { x: number; y: number }[] {
  if (name !== 'measured') return points;
  const gaps = failed
    .filter((x) => points.every((point) => point.x !== x))
    .map((x) => ({ x, y: Number.NaN }));
  return [...points, ...gaps].toSorted((a, b) => a.x - b.x);
}

/** The series' names, each beside its last point. */
export function drawLabels(
  series: readonly Series[],
  pixels: { x: Plot.Scale; y: Plot.Scale },
  frame: { top: number; bottom: number },
): Plot.Markish[] {
  const ends = series.map((one) => ({ series: one, end: one.points.at(-1)! }));
  const placed = placeLabels(
    ends.map(({ series: { name }, end }) => ({
      x: pixels.x.apply(end.x) + 10,
      y: pixels.y.apply(end.y),
      width: estimateWidth(name),
    })),
    { top: frame.top + 6, bottom: frame.bottom - 8, gap: 15 },
  );
  return ends.map(({ series: { name, color }, end }, index) =>
    Plot.text([name], {
      frameAnchor: 'top-left',
      x: () => end.x,
      dx: 10,
      dy: placed[index]! - frame.top,
      lineAnchor: 'middle',
      fill: colorOf(color),
      fontWeight: 600,
      ...haloed,
    }),
  );
}

/** The measured values in figures, above their bars; the last, which has its series' name beside it, keeps to the left. */
export function drawValues(series: readonly Series[]): Plot.Markish[] {
  const measured = series.filter(({ name }) => name === 'measured').flatMap(({ points }) => points);
  const value = { x: 'x', y: 'high', dy: -13, fill: colorOf('ink'), ...haloed } as const;
  const text = (point: SeriesPoint): string => formatNumber(point.y);
  return [
    Plot.text(measured.slice(0, -1), { ...value, text }),
    Plot.text(measured.slice(-1), { ...value, text, textAnchor: 'end', dx: 6 }),
  ];
}
