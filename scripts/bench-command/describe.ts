/** What `vase bench compare` prints for people. */
import { style } from '../terminal/printer.ts';
import { drawTable } from '../terminal/table.ts';
import { figures, formatNumber, formatRatio } from '../bench/analysis/figures.ts';
import type { Comparison, FigureComparison, Verdict } from '../bench/analysis/compare-runs.ts';
import type { RunsSpread } from '../bench/analysis/spread-runs.ts';

const paint: Record<Verdict, (text: string) => string> = {
  regression: style.bad,
  better: style.good,
  unclear: style.warning,
  same: (text) => text,
};

export function describeComparison(comparison: Comparison): string {
  const { a, b, cells, options, notes, regressions } = comparison;
  const rows = cells.flatMap(({ test, figures: compared }) =>
    compared.map((figure, index) => [index === 0 ? test : '', ...describeFigure(figure)]),
  );
  const head = ['test', 'figure', 'before', 'after', 'ratio', 'interval', 'verdict'];
  const unclear = cells.flatMap((cell) => cell.figures).filter(({ verdict }) => verdict === 'unclear').length;
  const single = cells.some(({ repeats }) => Math.min(repeats.a, repeats.b) < 2);
  return [
    `${style.strong('before')}  ${a}`,
    `${style.strong('after')}   ${b}`,
    '',
    ...(cells.length === 0 ? [] : [drawTable(head, rows), '']),
    `Intervals: Welch's t on the logarithms of the repeats, ${options.confidence * 100} % each, not corrected for their number.`,
    `A change counts beyond ${formatNumber(options.threshold * 100)} %, when its interval excludes 1.`,
    ...(single ? ['A side with one repeat has no interval: there the threshold alone decides.'] : []),
    ...(unclear > 0
      ? [`${unclear} unclear: changed, but within what the repeats scatter; more repeats would tell.`]
      : []),
    ...notes.map((note) => style.warning(note)),
    '',
    ...(cells.length === 0 ? [style.bad('No cell could be compared.')] : []),
    ...(regressions.length === 0
      ? cells.length === 0
        ? []
        : [style.good('No regression.')]
      : [style.bad('Regressions:'), ...regressions.map((one) => `  ${one}`)]),
  ].join('\n');
}

function describeFigure({ figure, a, b, ratio, interval, verdict }: FigureComparison): string[] {
  return [
    figures[figure].short,
    formatNumber(a),
    formatNumber(b),
    formatRatio(ratio),
    interval === null ? 'one repeat' : `${interval.low.toFixed(2)}–${interval.high.toFixed(2)}`,
    paint[verdict](verdict),
  ];
}

export function describeSpread(spread: RunsSpread): string {
  const rows = spread.figures.map(({ test, figure, values, min, median, max, relative }, index) => [
    spread.figures[index - 1]?.test === test ? '' : test,
    figures[figure].short,
    ...[min, median, max].map(formatNumber),
    `${(relative * 100).toFixed(1)} %`,
    ...values.map((value) => (value === null ? '–' : formatNumber(value))),
  ]);
  const head = ['test', 'figure', 'min', 'median', 'max', 'spread', ...spread.runs.map(runLabel)];
  return [
    ...spread.runs.map((run, index) => `${style.strong(runLabel(run, index))}  ${run}`),
    '',
    drawTable(head, rows),
    '',
    'Spread: (most - least) / median of the runs.',
    '',
    ...describeExpectations(spread),
    ...spread.notes.map((note) => style.warning(note)),
  ].join('\n');
}

function describeExpectations({ runs, expectations, conclusionsHold }: RunsSpread): string[] {
  if (expectations.length === 0) return ['The plan expects nothing.'];
  const rows = expectations.map(({ expected, verdicts, ratios }) => [
    expected,
    ...verdicts.map((verdict, index) => {
      const ratio = ratios[index] ?? null;
      const text = ratio === null ? verdict : `${verdict} (${formatRatio(ratio)})`;
      return verdict === 'held' ? style.good(text) : style.bad(text);
    }),
  ]);
  return [
    drawTable(['expected', ...runs.map(runLabel)], rows),
    '',
    conclusionsHold
      ? style.good('Every expectation held in every run.')
      : style.bad('Not every expectation held in every run.'),
  ];
}

/** "run 1": the runs' names, which are long, stand above the table. */
function runLabel(_run: string, index: number): string {
  return `run ${index + 1}`;
}
