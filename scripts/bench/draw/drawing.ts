/** The parts of every figure of the report, and the call of Observable Plot for it without a browser. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { formatTick } from './scales.ts';
import { colorOf, type ColorName } from './theme.ts';

export interface Panel {
  title: string;
  svg: string;
  width: number;
  height: number;
}

export type MarkSymbol = 'circle' | 'diamond' | 'triangle' | 'square' | 'times' | 'line' | 'hollow' | 'cell';

export interface LegendEntry {
  label: string;
  color: ColorName;
  symbol: MarkSymbol;
  dashed?: boolean;
}

/** One figure: drawn as panels in the page, and as one picture in the files `<id>.svg` and `<id>.png`. */
export interface Drawing {
  /** Also the files' name. */
  id: string;
  title: string;
  /** For the page's list of contents. */
  shortTitle: string;
  /** Sentences under the title: what the figure shows, and how to read its marks. */
  caption: string;
  legend: LegendEntry[];
  panels: Panel[];
  /** Under the figure, so that no value has to be read off a line. */
  table: DataTable;
}

export interface DataTable {
  columns: string[];
  /** A number is set to the right; null is an empty field. */
  rows: (string | number | null)[][];
}

const fontSize = 13;

const { document } = parseHTML('<!doctype html><html><body></body></html>');

export function drawPanel(
  title: string,
  options: Plot.PlotOptions & { width: number; height: number },
): Panel {
  const plot = Plot.plot({
    document,
    style: { fontSize: `${fontSize}px`, background: 'none' },
    ...options,
  });
  plot.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', title);
  return { title, svg: String(plot.outerHTML), width: options.width, height: options.height };
}

/** The labels along y of all ticks: left to itself, Plot leaves some out of a logarithmic axis. */
export function axisOf(ticks: readonly number[]): Plot.Markish {
  return Plot.axisY(ticks, { label: null, tickSize: 0, text: (tick: number) => formatTick(tick) });
}

/** Text with a rim of paper, so that a line behind it does not cross the letters. */
export const haloed = { stroke: colorOf('paper'), strokeWidth: 4, paintOrder: 'stroke' } as const;

/** A rough width in pixels of the report's sans serif, to keep labels apart. */
export function estimateWidth(text: string, size = fontSize): number {
  return text.length * size * 0.53;
}
