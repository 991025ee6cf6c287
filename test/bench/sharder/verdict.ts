/** What the sharder has to reach, as ratios within one run, and whether it did. */
import type { Workload } from './load-process.ts';
import type { Measurement } from './measure.ts';
import type { TargetName } from './targets.ts';

export type Cell = Measurement & { meanBatch: number | null };

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

export interface Judgement {
  holds: boolean;
  text: string;
}

/** Of each demand whose cells were measured, of the requests that failed in them, and of the sharder's memory. */
export function judge(cells: ReadonlyMap<string, Cell>): Judgement[] {
  const judgements: Judgement[] = [];
  const compared = new Set<string>();
  for (const { what, workload, connections, against, ratio, atLeast, atMost } of demands) {
    const names = [`${workload} ${connections} vase`, `${workload} ${connections} ${against}`] as const;
    const [vase, other] = [cells.get(names[0]), cells.get(names[1])];
    if (!vase || !other) continue;
    compared.add(names[1]);
    const value = ratio(vase, other);
    const bound = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
    const holds = atLeast === undefined ? value <= atMost! : value >= atLeast;
    const text = `${workload} at ${connections}: ${what} ${value.toFixed(2)} times ${against} (${bound})`;
    judgements.push({ holds, text });
  }
  const ofVase = [...cells].filter(([name]) => name.endsWith(' vase'));
  for (const [name] of ofVase) compared.add(name);
  // What a server that refuses is measured at proves nothing, neither for Vase nor against it.
  const failing = [...compared].filter((name) => cells.get(name)!.errors > 0);
  judgements.push({
    holds: failing.length === 0,
    text: `failed requests: ${failing.map((name) => `${cells.get(name)!.errors} in ${name}`).join(', ') || 'none'} (at most 0)`,
  });
  const peak = Math.max(...ofVase.map(([, cell]) => cell.residentMebibytes!));
  judgements.push({
    holds: peak <= residentMebibytesMax,
    text: `peak memory of the sharder ${peak.toFixed(0)} MiB (at most ${residentMebibytesMax})`,
  });
  return judgements;
}

/** The run with the median throughput, whose figures stay together, with the errors of all. */
export function medianOf(runs: readonly Cell[]): Cell {
  const median = runs.toSorted((a, b) => a.requestsPerSecond - b.requestsPerSecond)[
    Math.floor(runs.length / 2)
  ]!;
  return { ...median, errors: runs.reduce((sum, { errors }) => sum + errors, 0) };
}
