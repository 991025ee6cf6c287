/** Where the cores went in each cell: sharders, members, the load generator; and how many the machine has. */
import * as Plot from '@observablehq/plot';
import type { CellResult } from '../records/run-data.ts';
import { drawPanel, type Drawing } from '../draw/drawing.ts';
import { colorOf, type ColorName } from '../draw/theme.ts';
import { formatNumber } from '../analysis/figures.ts';
import { meanOf, type CellSummary } from '../analysis/summary.ts';

const width = 860;
const rowHeight = 30;

const parts: { name: string; color: ColorName; of: (result: CellResult) => number }[] = [
  { name: 'sharders', color: 'fourth', of: (result) => coresOf(result, 'sharders') },
  { name: 'members of etcd', color: 'third', of: (result) => coresOf(result, 'members') },
  { name: 'load generator', color: 'second', of: (result) => result.peak.generatorCores },
  { name: 'all else on this machine', color: 'faint', of: restOf },
];

export type Kind = 'sharders' | 'members';

export function kindOf(process: string): Kind {
  return process.startsWith('sharder') ? 'sharders' : 'members';
}

function coresOf(result: CellResult, kind: Kind): number {
  return result.use.filter(({ name }) => kindOf(name) === kind).reduce((sum, { cores }) => sum + cores, 0);
}

function restOf(result: CellResult): number {
  const known = coresOf(result, 'sharders') + coresOf(result, 'members') + result.peak.generatorCores;
  return Math.max(0, result.machineCores - known);
}

/** Null when no cell has a result. `machineCores`: null when the environment is unknown. */
export function drawUse(summaries: readonly CellSummary[], machineCores: number | null): Drawing | null {
  const cells = summaries.filter(({ results }) => results.length > 0);
  if (cells.length === 0) return null;
  const bars = cells.flatMap((summary) =>
    parts.map(({ name, color, of }) => {
      const cores = meanOf(summary.results.map(of));
      return {
        test: summary.test,
        cores,
        fill: colorOf(color),
        title: `${summary.test}: ${name} ${formatNumber(cores)} cores\nlimit: ${summary.limits.join(', ')}`,
      };
    }),
  );
  const limits = cells.map((summary) => ({
    test: summary.test,
    text: `limit: ${summary.limits.join(', ')}${summary.notTheStore ? ' *' : ''}`,
    total: bars.filter(({ test }) => test === summary.test).reduce((sum, { cores }) => sum + cores, 0),
  }));
  const most = Math.max(machineCores ?? 0, ...limits.map(({ total }) => total)) * 1.02;
  const all = machineCores === null ? [] : [machineCores];
  return {
    id: 'cores-in-use',
    title: 'Where the cores went',
    shortTitle: 'Cores',
    caption:
      'Cores in use during the closed loop, the mean of the repeats, and what was the limit of each cell.',
    legend: parts.map(({ name, color }) => ({ label: name, color, symbol: 'cell' })),
    panels: [
      drawPanel('cores', {
        width,
        height: 64 + rowHeight * cells.length,
        marginLeft: 90,
        marginRight: 190,
        marginTop: 24,
        marginBottom: 40,
        x: { domain: [0, most], label: 'cores', labelAnchor: 'center', labelArrow: 'none', ticks: 6 },
        y: { type: 'band', domain: cells.map(({ test }) => test), label: null, tickSize: 0, padding: 0.25 },
        color: { type: 'identity' },
        marks: [
          Plot.gridX({ stroke: colorOf('grid'), strokeOpacity: 1, ticks: 6 }),
          Plot.barX(bars, { x: 'cores', y: 'test', fill: 'fill', title: 'title', insetRight: 1 }),
          Plot.ruleX(all, { stroke: colorOf('bad'), strokeWidth: 1.5, strokeDasharray: '5 4' }),
          Plot.text(all, {
            x: (cores: number) => cores,
            frameAnchor: 'top',
            dy: -14,
            text: (cores: number) => `this machine has ${cores}`,
            fill: colorOf('bad'),
            textAnchor: 'end',
            dx: 4,
          }),
          Plot.text(limits, { frameAnchor: 'right', y: 'test', text: 'text', textAnchor: 'start', dx: 8 }),
        ],
      }),
    ],
    table: {
      columns: ['test', ...parts.map(({ name }) => `${name}, cores`), 'machine, cores', 'limit'],
      rows: cells.map((summary) => [
        summary.test,
        ...parts.map(({ of }) => formatNumber(meanOf(summary.results.map(of)))),
        formatNumber(meanOf(summary.results.map((result) => result.machineCores))),
        summary.limits.join(', '),
      ]),
    },
  };
}
