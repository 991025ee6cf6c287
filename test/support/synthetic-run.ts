/**
 * Writes invented benchmark runs, in the shapes of scripts/bench/records/run-data.ts: a store whose sharders and shards
 * have fixed capacities, with a seeded scatter. Tests take from it whatever a real run may lack or contain.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'hdr-histogram-js';
import type {
  BenchPlan,
  CellFailure,
  CellPlan,
  CellResult,
  Environment,
  Expectation,
  Latencies,
  LoadResult,
  Sample,
  Workload,
} from '../../scripts/bench/records/run-data.ts';
import type { PredictedCell } from '../../scripts/bench/records/prediction-data.ts';

const originalWorkload: Workload = {
  name: 'original',
  users: 500,
  keys: 101,
  valueBytes: 100,
  distribution: 'uniform',
};
export const writeOnly: Workload = {
  ...originalWorkload,
  name: 'write-only',
  keys: 100_000,
  distribution: 'zipfian',
};

export function cellPlan(
  test: string,
  sharders: number,
  shards: number,
  workload = originalWorkload,
): CellPlan {
  return { test, sharders, shards, members: 3, workload };
}

/** Two axes of three cells, as the local plan has them. */
export const localCells: CellPlan[] = [
  cellPlan('a1', 1, 2),
  cellPlan('a2', 2, 2),
  cellPlan('a4', 4, 2),
  cellPlan('b1', 4, 1, writeOnly),
  cellPlan('b2', 4, 2, writeOnly),
  cellPlan('b3', 4, 3, writeOnly),
];

export interface SyntheticOptions {
  cells?: CellPlan[];
  repeats?: number;
  rateShares?: number[];
  expectations?: Expectation[];
  /** Tests in which no repeat has a result. */
  failing?: string[];
  /** Tests not reached when the run was interrupted. */
  missing?: string[];
  /** Profiles to predict with; none: no file. */
  profiles?: string[];
  environment?: boolean;
  /** Multiplies every throughput; latencies follow. */
  speed?: number;
  /** Relative scatter between repeats. */
  scatter?: number;
  seed?: number;
  commit?: string;
}

export async function writeSyntheticRun(folder: string, options: SyntheticOptions = {}): Promise<void> {
  const { cells = localCells, repeats = 3, missing = [], failing = [] } = options;
  const random = mulberry(options.seed ?? 1);
  const plan: BenchPlan = {
    name: 'synthetic',
    provider: 'local',
    warmupSeconds: 3,
    durationSeconds: 20,
    repeats,
    rateShares: options.rateShares ?? [0.1, 0.3, 0.5, 0.7, 0.9],
    rateSeconds: 5,
    limits: { sharderCpu: '300m', etcdCpu: null, ssd: 'pd-ssd:10Gi' },
    cells,
    expectations: options.expectations ?? [],
  };
  await mkdir(join(folder, 'cells'), { recursive: true });
  await mkdir(join(folder, 'samples'), { recursive: true });
  const write = (path: string, value: unknown): Promise<void> =>
    writeFile(join(folder, path), JSON.stringify(value, null, 1));
  await write('plan.json', plan);
  if (options.environment !== false) await write('environment.json', syntheticEnvironment(options.commit));
  for (const cell of cells.filter(({ test }) => !missing.includes(test))) {
    for (let repeat = 1; repeat <= repeats; repeat++) {
      const name = `${cell.test}-${repeat}`;
      if (failing.includes(cell.test)) {
        const failure = 'The cluster did not come up: etcd-2-1 was not ready after 60 s.';
        await write(`cells/${name}.json`, { test: cell.test, repeat, cell, failure } satisfies CellFailure);
        continue;
      }
      const result = syntheticResult(cell, repeat, plan, options, random);
      await write(`cells/${name}.json`, result);
      const lines = syntheticSamples(result, plan.durationSeconds, random);
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
      await writeFile(join(folder, 'samples', `${name}.jsonl`), text);
    }
  }
  if (options.profiles !== undefined)
    await write(
      'predictions.json',
      options.profiles.flatMap((profile) => predict(cells, profile)),
    );
}

/** Mean capacity in requests/s, and what limits it. */
function capacity(cell: CellPlan): { perSecond: number; limit: CellResult['limit'] } {
  const limits: [number, CellResult['limit']][] = [
    [cell.sharders * 1500, 'sharders'],
    [cell.shards * (cell.workload.name === 'write-only' ? 1900 : 4000), 'shards'],
    [5400, 'machine'],
  ];
  const [perSecond, limit] = limits.toSorted((a, b) => a[0] - b[0])[0]!;
  return { perSecond: perSecond * 0.97, limit };
}

function syntheticResult(
  cell: CellPlan,
  repeat: number,
  plan: BenchPlan,
  options: SyntheticOptions,
  random: () => number,
): CellResult {
  const { perSecond, limit } = capacity(cell);
  const scatter = 1 + (options.scatter ?? 0.04) * (2 * random() - 1);
  const rate = perSecond * (options.speed ?? 1) * scatter;
  const peakMeanMs = (cell.workload.users / rate) * 1000;
  const members = Array.from({ length: cell.shards * cell.members }, (_, index) => {
    return `etcd-${Math.floor(index / cell.members) + 1}-${(index % cell.members) + 1}`;
  });
  const memberCores = (rate / 36_000) * (3 / members.length);
  return {
    test: cell.test,
    repeat,
    cell,
    startedAt: new Date(Date.UTC(2026, 10, 22, 12, repeat)).toISOString(),
    peak: load(null, rate, peakMeanMs, plan.durationSeconds, random),
    rates: plan.rateShares.map((share) =>
      load(rate * share, rate * Math.min(share, 0.97), 3 + 1.6 / (1.02 - share), plan.rateSeconds, random),
    ),
    use: [
      ...Array.from({ length: cell.sharders }, (_, index) => ({
        name: `sharder-${index + 1}`,
        cores: Math.min(0.3, rate / cell.sharders / 5000),
        memoryBytesMax: 90e6 + 4e6 * random(),
      })),
      ...members.map((name) => ({ name, cores: memberCores, memoryBytesMax: 60e6 + 5e6 * random() })),
    ],
    fsync: members.map((member) => ({
      member,
      p50Ms: 1.4 + 0.2 * random(),
      p99Ms: 3.6 + random(),
      fsyncsPerSecond: 240 + 40 * random(),
    })),
    requestsPerShard: Object.fromEntries(
      Array.from({ length: cell.shards }, (_, index) => [
        `etcd-${index + 1}`,
        Math.round((rate * plan.durationSeconds * (0.97 + 0.06 * random())) / cell.shards),
      ]),
    ),
    batch: { reads: cell.workload.name === 'write-only' ? null : 14.2, writes: 9.8 },
    machineCores: limit === 'machine' ? 1.97 : Math.min(1.9, 0.4 + rate / 4200),
    limit,
  };
}

function load(
  offered: number | null,
  perSecond: number,
  meanMs: number,
  seconds: number,
  random: () => number,
): LoadResult {
  const histogram = build({ numberOfSignificantValueDigits: 3 });
  for (let index = 0; index < 2000; index++) {
    // The sum of three exponentials: a body around the mean and a tail, as latencies have.
    const ms = ((-Math.log(random()) - Math.log(random()) - Math.log(random())) * meanMs) / 3;
    histogram.recordValue(Math.max(1, Math.round(ms * 1000)));
  }
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile) / 1000;
  const latency: Latencies = {
    medianMs: at(50),
    meanMs: histogram.mean / 1000,
    p90Ms: at(90),
    p95Ms: at(95),
    p99Ms: at(99),
    p999Ms: at(99.9),
    maxMs: histogram.maxValue / 1000,
  };
  return {
    offeredPerSecond: offered,
    requestsPerSecond: perSecond,
    requests: Math.round(perSecond * seconds),
    failed: 0,
    indefinite: random() < 0.1 ? 2 : 0,
    latency,
    histogram: '',
    generatorCores: 0.1 + perSecond / 30_000,
    generatorWorkers: 1,
  };
}

function syntheticSamples(result: CellResult, seconds: number, random: () => number): Sample[] {
  return Array.from({ length: seconds }, (_, index) => {
    const dip = index === 12 && result.repeat === 1 ? 0.7 : 1;
    return {
      second: index,
      requests: Math.round(result.peak.requestsPerSecond * dip * (0.95 + 0.1 * random())),
      p50Ms: result.peak.latency.medianMs * (0.95 + 0.1 * random()),
      p99Ms: result.peak.latency.p99Ms * (0.9 + 0.2 * random()),
      failed: 0,
      indefinite: dip < 1 ? 2 : 0,
    };
  });
}

function predict(cells: readonly CellPlan[], profile: string): PredictedCell[] {
  const factor = profile === 'calibrated' ? 1.06 : 2.4;
  return cells.map((cell) => {
    const requestsPerSecond = capacity(cell).perSecond * factor;
    const meanMs = (cell.workload.users / requestsPerSecond) * 1000;
    return {
      test: cell.test,
      requestsPerSecond,
      medianMs: meanMs * 0.92,
      meanMs,
      p95Ms: meanMs * 2,
      profile,
    };
  });
}

function syntheticEnvironment(commit = 'abc1234'): Environment {
  return {
    machine: 'synthetic machine',
    cores: 2,
    memoryBytes: 8 * 2 ** 30,
    os: 'Linux 6.1',
    node: 'v24.21.0',
    etcd: '3.6.5',
    vase: '0.1.0',
    commit,
    provider: 'local',
    disk: 'pd-ssd:10Gi (emulated)',
  };
}

/** Mulberry32: a small seeded generator, so that a failing test fails again. */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
