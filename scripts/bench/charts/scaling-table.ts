/** The values of a scaling figure, for people who would rather read them than measure a line. */
import type { AxisGroup } from '../analysis/axis-groups.ts';
import type { DataTable } from '../draw/drawing.ts';
import { figures, formatNumber, plottedFigures } from '../analysis/figures.ts';
import type { Series, SeriesPoint } from './series.ts';

/** A row for each series and count. */
export function scalingTable(group: AxisGroup, series: readonly Series[]): DataTable {
  const counts = [...new Set(series.flatMap((one) => one.points.map((point) => point.x)))].toSorted(
    (a, b) => a - b,
  );
  const rows = series.flatMap((one) =>
    counts
      .map((count) => ({ count, points: one.points.filter((point) => point.x === count) }))
      .filter(({ points }) => points.length > 0)
      .map(({ count, points }) => [
        one.legend,
        points[0]!.test,
        count,
        ...plottedFigures.map((figure) => describePoint(points.find((point) => point.figure === figure))),
      ]),
  );
  return {
    columns: ['series', 'test', group.axis, ...plottedFigures.map((figure) => figures[figure].label)],
    rows,
  };
}

function describePoint(point: SeriesPoint | undefined): string | null {
  if (point === undefined) return null;
  if (point.low === point.high) return formatNumber(point.y);
  return `${formatNumber(point.y)} (${formatNumber(point.low)}–${formatNumber(point.high)})`;
}
