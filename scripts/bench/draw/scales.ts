/** Chooses linear or logarithmic axes, their ends and their ticks. */
import { formatNumber } from '../analysis/figures.ts';

/** Beyond this ratio of greatest to least, a linear axis shows the small values as nothing. */
const linearRatioMax = 12;

export interface AxisScale {
  type: 'linear' | 'log';
  domain: [number, number];
  ticks: number[];
}

/** For values along y; `values` are positive. A linear axis begins at zero. */
export function chooseValueScale(values: readonly number[]): AxisScale {
  const positive = values.filter((value) => value > 0);
  if (positive.length === 0) return { type: 'linear', domain: [0, 1], ticks: [0, 1] };
  const min = Math.min(...positive);
  const max = Math.max(...positive);
  if (max / min <= linearRatioMax) {
    const step = niceStep(max / 6);
    const top = max * 1.1;
    return { type: 'linear', domain: [0, top], ticks: multiples(step, top) };
  }
  const domain: [number, number] = [min / 1.4, max * 1.3];
  return { type: 'log', domain, ticks: logTicks(domain) };
}

/** For counts along x, each of them a tick unless it would lie on its neighbour. */
export function chooseCountScale(counts: readonly number[], widthPx: number): AxisScale {
  const distinct = [...new Set(counts)].toSorted((a, b) => a - b);
  const min = distinct[0] ?? 1;
  const max = distinct.at(-1) ?? 1;
  const type = max / min > 8 ? 'log' : 'linear';
  const domain: [number, number] = min === max ? [min / 2, min * 1.5] : [min, max];
  const [from, to] = type === 'log' ? domain.map(Math.log) : domain;
  const position = (count: number): number =>
    (((type === 'log' ? Math.log(count) : count) - from!) / (to! - from!)) * widthPx;
  // Both ends are kept; ticks between them give way.
  const ticks: number[] = [];
  for (const count of distinct) {
    const afterLast = ticks.length === 0 || position(count) - position(ticks.at(-1)!) >= 16;
    const beforeEnd = count === max || position(max) - position(count) >= 16;
    if (afterLast && beforeEnd) ticks.push(count);
  }
  return { type, domain, ticks };
}

/** Short enough for an axis: "850", "12,000", "150k", "1.5M". */
export function formatTick(value: number): string {
  if (value >= 1e6) return `${formatNumber(value / 1e6)}M`;
  return value >= 1e5 ? `${formatNumber(value / 1e3)}k` : formatNumber(value);
}

function logTicks([from, to]: [number, number]): number[] {
  const within = (steps: number[]): number[] => {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
      for (const step of steps) {
        const tick = Number((step * 10 ** power).toPrecision(1));
        if (tick >= from && tick <= to) ticks.push(tick);
      }
    }
    return ticks;
  };
  return [[1, 2, 5], [1, 3], [1]].map(within).find((ticks) => ticks.length <= 7) ?? within([1]);
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= rough)!;
}

function multiples(step: number, top: number): number[] {
  return Array.from({ length: Math.floor(top / step) + 1 }, (_, index) =>
    Number((index * step).toPrecision(12)),
  );
}
