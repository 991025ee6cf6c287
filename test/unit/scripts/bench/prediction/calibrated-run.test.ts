import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predictionsToCsv } from '../../../../../scripts/bench/prediction/describe-prediction.ts';
import {
  plannedCells,
  predictPlan,
  profileNamed,
} from '../../../../../scripts/bench/prediction/planned-cells.ts';
import { predictRun, testsToFit } from '../../../../../scripts/bench/prediction/predict-run.ts';
import type { PredictedCell } from '../../../../../scripts/bench/records/prediction-data.ts';
import { readRun, type Run } from '../../../../../scripts/bench/records/read-run.ts';
import { parsePlan } from '../../../../../scripts/bench/records/plan-input.ts';
import type { CellPlan, CellResult, Environment } from '../../../../../scripts/bench/records/run-data.ts';
import { profiles } from '../../../../../sim/capacity/profile.ts';

const plan = parsePlan(
  {
    members: 1,
    limits: { sharderCpu: '300m' },
    one: { sharders: 1, shards: 1 },
    two: { sharders: 2, shards: 1 },
    disk: {
      sharders: 2,
      shards: 1,
      workload: 'write-only',
      limits: { ssd: 'pd-ssd:10Gi', sharderCpu: null },
    },
  },
  'test',
);

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'vase-predict-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

function measured(cell: CellPlan, requestsPerSecond: number): CellResult {
  const latency = { medianMs: 9, meanMs: 10, p90Ms: 11, p95Ms: 12, p99Ms: 13, p999Ms: 14, maxMs: 15 };
  return {
    test: cell.test,
    repeat: 1,
    cell,
    startedAt: '2026-01-01T00:00:00Z',
    peak: {
      offeredPerSecond: null,
      requestsPerSecond,
      requests: 1000,
      failed: 0,
      indefinite: 0,
      latency,
      histogram: '',
      generatorCores: 0.2,
      generatorWorkers: 1,
    },
    rates: [],
    use: [
      { name: 'sharder-1', cores: 0.3 * cell.sharders, memoryBytesMax: 1 },
      { name: 'etcd-1-0', cores: 0.2 * cell.sharders, memoryBytesMax: 1 },
    ],
    fsync: [{ member: 'etcd-1-0', p50Ms: 1, p99Ms: 4, fsyncsPerSecond: 100 }],
    requestsPerShard: {},
    batch: { reads: 20, writes: 20 },
    machineCores: 1,
    limit: 'sharders',
  };
}

function runOf(cells: CellResult[]): Run {
  const environment = { cores: 2 } as Environment;
  return {
    folder,
    name: 'test',
    plan,
    environment,
    cells,
    failures: [],
    samples: new Map(),
    predictions: [],
    problems: [],
  };
}

describe('a plan for the model', () => {
  it('has its limits in cores, and emulated disks only where the profile is of a machine that emulates', () => {
    const [one, , disk] = plannedCells(plan, profiles.laptop);
    expect(one!.limits).toEqual({ sharderCores: 0.3, etcdCores: null });
    expect(one!.disk).toBeNull();
    expect(disk!.limits.sharderCores).toBeNull();
    expect(disk!.disk!.iops).toBe(300);
    expect(plannedCells(plan, profiles['gke-pd-ssd'])[2]!.disk).toBeNull();
  });

  it('knows its profiles by name and no others', () => {
    expect(profileNamed('laptop')).toBe(profiles.laptop);
    expect(() => profileNamed('toString')).toThrow('there are laptop, gke-pd-ssd, gke-hyperdisk');
  });

  it('is predicted cell by cell, in columns that begin as the original’s', async () => {
    const predictions = await predictPlan(plan, profiles['gke-pd-ssd']);
    const csv = predictionsToCsv(plannedCells(plan, profiles.laptop), predictions).trim().split('\n');
    expect(csv[0]).toMatch(/^test,sharders,shards,users,requests_per_second,median_ms,mean_ms,/);
    expect(csv.slice(1).map((line) => line.split(',')[0])).toEqual(['one', 'two', 'disk']);
  });
});

describe('a calibrated run', () => {
  it('is fitted on the tests named, compares all that were measured, and leaves predictions for the report', async () => {
    const cells = [measured(plan.cells[0]!, 3000), measured(plan.cells[1]!, 6000)];
    const { cells: compared } = await predictRun(runOf(cells), ['one']);
    expect(compared.map(({ test, isFitted }) => [test, isFitted])).toEqual([
      ['one', true],
      ['two', false],
    ]);
    for (const { error } of compared) expect(Math.abs(error.requestsPerSecond)).toBeLessThan(0.2);
    const file = join(folder, 'predictions.json');
    const left = JSON.parse(await readFile(file, 'utf8')) as PredictedCell[];
    expect(left.map(({ test, profile }) => `${test} ${profile}`)).toEqual([
      'one calibrated',
      'two calibrated',
      'one gke-pd-ssd',
      'two gke-pd-ssd',
      'disk gke-pd-ssd',
    ]);
  }, 60_000);

  it('is fitted on the first test of each kind and on the last of the largest, where nobody names tests', () => {
    const [one, two, disk] = plan.cells.map((cell) => measured(cell, 3000));
    expect(testsToFit(runOf([one!, disk!]))).toEqual(['one', 'disk']);
    expect(testsToFit(runOf([one!, two!, disk!]))).toEqual(['one', 'two']);
    expect(testsToFit(runOf([measured(plan.cells[0]!, 0), two!]))).toEqual(['two']);
    expect(testsToFit(runOf([]))).toEqual([]);
    expect(testsToFit(runOf([{ ...one!, limit: 'generator' }, two!]))).toEqual(['two']);
  });

  it('shows a cell that it misses', async () => {
    const cells = [measured(plan.cells[0]!, 3000), measured(plan.cells[1]!, 1500)];
    const { cells: compared } = await predictRun(runOf(cells), ['one']);
    expect(compared[1]!.error.requestsPerSecond).toBeGreaterThan(1);
  }, 60_000);

  it('refuses tests that were not measured, and a folder that is no run', async () => {
    const run = runOf([measured(plan.cells[0]!, 3000)]);
    await expect(predictRun(run, ['two'])).rejects.toThrow('has no result of two; it has one');
    await expect(readRun(folder)).rejects.toThrow('not a benchmark run');
    await expect(predictRun(runOf([]), testsToFit(runOf([])))).rejects.toThrow('no result to calibrate on');
  });
});
