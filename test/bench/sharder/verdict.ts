/** What the sharder has to reach, as ratios within one run, and whether it did. */
import type { Workload } from './load-process.ts';
import type { Measurement } from './measure.ts';
import type { TargetName } from './targets.ts';

type Cell = Measurement & { meanBatch: number | null };

interface Demand {
  what: string;
  workload: Workload;
  connections: number;
  against: TargetName;
  ratio: (vase: Cell, other: Cell) => number;
  atLeast?: number;
  atMost?: number;
}

const throughput = (vase: Cell, other: Cell) => vase.requestsPerSecond / other.requestsPerSecond;
const cpu = (vase: Cell, other: Cell) => vase.targetCpuMicros! / other.targetCpuMicros!;
const p99 = (vase: Cell, other: Cell) => vase.p99Ms / other.p99Ms;

const demands: Demand[] = [
  {
    what: 'requests/s',
    workload: 'PUT',
    connections: 500,
    against: 'one call',
    ratio: throughput,
    atLeast: 3,
  },
  {
    what: 'requests/s',
    workload: 'GET',
    connections: 500,
    against: 'one call',
    ratio: throughput,
    atLeast: 4.5,
  },
  { what: 'CPU per request', workload: 'GET', connections: 500, against: 'koa', ratio: cpu, atMost: 1.4 },
  { what: 'CPU per request', workload: 'PUT', connections: 500, against: 'koa', ratio: cpu, atMost: 2 },
  { what: 'p99', workload: 'GET', connections: 16, against: 'one call', ratio: p99, atMost: 1.5 },
  { what: 'p99', workload: 'PUT', connections: 16, against: 'one call', ratio: p99, atMost: 1.5 },
  { what: 'p99', workload: '50/50', connections: 16, against: 'one call', ratio: p99, atMost: 1.5 },
];

/** A sharder's resident memory under load, in MiB. */
const residentMebibytesMax = 256;

/** Prints each demand whose cells were measured; returns how many are broken. */
export function judge(cells: ReadonlyMap<string, Cell>): number {
  let broken = 0;
  const say = (holds: boolean, text: string) => {
    if (!holds) broken++;
    console.log(`${holds ? 'held  ' : 'BROKEN'} ${text}`);
  };
  for (const { what, workload, connections, against, ratio, atLeast, atMost } of demands) {
    const vase = cells.get(`${workload} ${connections} vase`);
    const other = cells.get(`${workload} ${connections} ${against}`);
    if (!vase || !other) continue;
    const value = ratio(vase, other);
    const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
    const holds = atLeast === undefined ? value <= atMost! : value >= atLeast;
    say(holds, `${workload} at ${connections}: ${what} ${value.toFixed(2)} times ${against} (${bound})`);
  }
  const peak = Math.max(
    ...[...cells].filter(([name]) => name.endsWith(' vase')).map(([, cell]) => cell.residentMebibytes!),
  );
  say(
    peak <= residentMebibytesMax,
    `peak memory of the sharder ${peak.toFixed(0)} MiB (at most ${residentMebibytesMax})`,
  );
  return broken;
}

/** The run with the median throughput; its figures stay together. */
export function medianOf(runs: readonly Cell[]): Cell {
  return runs.toSorted((a, b) => a.requestsPerSecond - b.requestsPerSecond)[Math.floor(runs.length / 2)]!;
}
