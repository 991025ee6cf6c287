/** The series of one scaling figure: the original's, one for each prediction, and the measured. */
import type { Axis, AxisGroup } from '../analysis/axis-groups.ts';
import type { ColorName } from '../draw/theme.ts';
import { figures, formatNumber, plottedFigures, type PlottedFigure } from '../analysis/figures.ts';
import { originalFixed, type OriginalResult } from '../analysis/original-results.ts';
import type { PredictedCell } from '../records/prediction-data.ts';
import { spreadOf, type CellSummary } from '../analysis/summary.ts';

/** A reader cannot distinguish more profiles in one figure. */
const profilesMax = 4;
const profileColors: ColorName[] = ['predicted', 'second', 'third', 'fourth'];

export interface ScalingInput {
  /** `all`: with the original's series and all profiles; `run`: this run alone, on axes made for it. */
  scope: 'all' | 'run';
  group: AxisGroup;
  summaries: readonly CellSummary[];
  original: readonly OriginalResult[];
  predictions: readonly PredictedCell[];
}

export interface SeriesPoint {
  figure: PlottedFigure;
  test: string;
  /** Number of sharders or shards. */
  x: number;
  y: number;
  /** The least and the most of the repeats; both are y without repeats. */
  low: number;
  high: number;
  /** The machine or the generator was the limit, not the store. */
  hollow: boolean;
  /** For the pointer. */
  title: string;
}

export interface Series {
  /** Beside the line. */
  name: string;
  /** In the legend. */
  legend: string;
  color: ColorName;
  symbol: 'circle' | 'diamond' | 'triangle';
  dashed: boolean;
  /** By ascending x. */
  points: SeriesPoint[];
}

/** Series without a point are left out; the measured comes last, so that it lies on top. */
export function collectSeries(input: ScalingInput): Series[] {
  const { axis } = input.group;
  const alone = input.scope === 'run';
  const profiles = [...new Set(input.predictions.map(({ profile }) => profile))]
    .filter((profile) => !alone || profile === 'calibrated')
    .slice(0, profilesMax);
  const all: Series[] = [
    {
      name: 'original',
      legend: 'original (2022, GKE)',
      color: 'original',
      symbol: 'diamond',
      dashed: false,
      points: alone ? [] : originalPoints(axis, input.original),
    },
    ...profiles.map((profile, index): Series => {
      const name = profile === 'calibrated' ? 'predicted' : profile;
      return {
        name,
        legend: profile === 'calibrated' ? 'predicted for this machine' : `predicted: ${profile}`,
        color: profileColors[index]!,
        symbol: 'triangle',
        dashed: true,
        points: predictedPoints(input, profile, name),
      };
    }),
    {
      name: 'measured',
      legend: 'measured in this run',
      color: 'measured',
      symbol: 'circle',
      dashed: false,
      points: measuredPoints(input),
    },
  ];
  return all
    .filter(({ points }) => points.length > 0)
    .map((series) => ({ ...series, points: series.points.toSorted((a, b) => a.x - b.x) }));
}

function originalPoints(axis: Axis, original: readonly OriginalResult[]): SeriesPoint[] {
  const other = axis === 'sharders' ? 'shards' : 'sharders';
  return original
    .filter((result) => result[other] === originalFixed[axis])
    .flatMap((result) =>
      plottedFigures.map((figure) =>
        exactPoint(
          figure,
          result.test,
          result[axis],
          result.figures[figure],
          `original, ${result[axis]} ${axis}`,
        ),
      ),
    );
}

function predictedPoints({ group, predictions }: ScalingInput, profile: string, name: string): SeriesPoint[] {
  return group.cells.flatMap((cell) => {
    const found = predictions.find((one) => one.profile === profile && one.test === cell.test);
    if (found === undefined) return [];
    const values: Record<PlottedFigure, number> = {
      requests_per_second: found.requestsPerSecond,
      median_ms: found.medianMs,
      mean_ms: found.meanMs,
      p95_ms: found.p95Ms,
    };
    const x = cell[group.axis];
    return plottedFigures.map((figure) =>
      exactPoint(figure, cell.test, x, values[figure], `${name}, ${x} ${group.axis}`),
    );
  });
}

function measuredPoints({ group, summaries }: ScalingInput): SeriesPoint[] {
  return group.cells.flatMap((cell) => {
    const summary = summaries.find(({ test }) => test === cell.test);
    if (summary === undefined) return [];
    const x = cell[group.axis];
    return plottedFigures.flatMap((figure): SeriesPoint[] => {
      const spread = spreadOf(summary, figure);
      if (spread === null) return [];
      const repeats = spread.values.length;
      const range =
        repeats === 1
          ? 'one repeat'
          : `${repeats} repeats, ${formatNumber(spread.min)} to ${formatNumber(spread.max)}`;
      const title =
        `${cell.test}: measured, ${x} ${group.axis}\n${figures[figure].label}: ${formatNumber(spread.mean)}\n` +
        `${range}\nlimit: ${summary.limits.join(', ')}`;
      return [
        {
          figure,
          test: cell.test,
          x,
          y: spread.mean,
          low: spread.min,
          high: spread.max,
          hollow: summary.notTheStore,
          title,
        },
      ];
    });
  });
}

function exactPoint(figure: PlottedFigure, test: string, x: number, y: number, whose: string): SeriesPoint {
  const title = `${test}: ${whose}\n${figures[figure].label}: ${formatNumber(y)}`;
  return { figure, test, x, y, low: y, high: y, hollow: false, title };
}
