import { describe, expect, it } from 'vitest';
import { calibrate, type MeasuredCell } from '../../../../sim/capacity/calibrate.ts';
import { cellOf, type PlannedCell, predictCells, profileFor } from '../../../../sim/capacity/predict-plan.ts';
import { predictCell } from '../../../../sim/capacity/predict-cell.ts';
import { type Profile, profiles } from '../../../../sim/capacity/profile.ts';

/** A machine that the model has never seen: other processor times, another way to the shards, a slower disk. */
const { laptop } = profiles;
const machine: Profile = {
  ...laptop,
  sharder: { requestUs: 70, transactionUs: 500, limitCores: null },
  member: { ...laptop.member, readTransactionUs: 700, writeTransactionUs: 1050, readUs: 9, writeUs: 15 },
  wal: { minUs: 800, meanExtraUs: 600, tailChance: 0, tailMeanUs: 0 },
  network: { ...laptop.network, store: { ...laptop.network.store, minUs: 100, meanExtraUs: 60 } },
  machineCores: 4,
  generator: { requestUs: 35, threads: 2 },
};

function planned(test: string, sharders: number, shards: number, users: number): PlannedCell {
  return {
    test,
    sharders,
    shards,
    members: 3,
    workload: { name: 'original', users, keys: 1000, valueBytes: 16, distribution: 'uniform' },
    limits: { sharderCores: 0.3, etcdCores: null },
    disk: null,
  };
}

/** What a benchmark on that machine would tell. */
async function measure(cell: PlannedCell): Promise<MeasuredCell> {
  const { requestsPerSecond, cores, batch } = await predictCell(profileFor(machine, cell), cellOf(cell));
  const { minUs, meanExtraUs } = machine.wal;
  return {
    cell,
    peak: { requestsPerSecond, generatorCores: cores.generator, generatorWorkers: 2 },
    use: [
      { name: 'sharder-1', cores: cores.sharders },
      { name: 'etcd-1-0', cores: cores.members },
    ],
    fsync: [
      {
        p50Ms: (minUs + meanExtraUs * Math.LN2) / 1000,
        p99Ms: (minUs + meanExtraUs * Math.log(100)) / 1000,
      },
    ],
    batch,
    machineCores: cores.sharders + cores.members + cores.generator,
  };
}

describe('a calibration', () => {
  it('on two cells of a machine predicts its other cells within 20 %', async () => {
    const fitted = [planned('a', 1, 1, 500), planned('b', 4, 2, 100)];
    const others = [planned('c', 2, 1, 500), planned('d', 4, 1, 300), planned('e', 4, 3, 500)];
    const profile = await calibrate(await Promise.all(fitted.map(measure)), { cores: 4 });
    expect(profile.wal.minUs).toBeCloseTo(800, 0);
    expect(profile.wal.meanExtraUs).toBeCloseTo(600, 0);
    expect(profile.generator!.requestUs).toBeCloseTo(35, 0);
    expect(profile.machineCores).toBeCloseTo(4, 1);
    const predictions = await predictCells(others, profile);
    for (const [index, cell] of others.entries()) {
      const measured = await measure(cell);
      const error = predictions[index]!.requestsPerSecond / measured.peak.requestsPerSecond - 1;
      expect(Math.abs(error), cell.test).toBeLessThan(0.2);
    }
  }, 60_000);

  it('is not what an uncalibrated profile would say as well', async () => {
    const cell = planned('c', 2, 1, 500);
    const measured = await measure(cell);
    const [predicted] = await predictCells([cell], laptop);
    expect(predicted!.requestsPerSecond / measured.peak.requestsPerSecond).toBeGreaterThan(1.25);
  });

  it('finds how much of the disk a write takes', async () => {
    const disk = { iops: 300, bytesPerSecond: 1_000_000 };
    const cell: PlannedCell = {
      ...planned('w', 4, 1, 300),
      workload: { name: 'write-only', users: 300, keys: 10_000, valueBytes: 1000, distribution: 'uniform' },
      limits: { sharderCores: null, etcdCores: null },
      disk,
    };
    const amplified = { ...disk, operationsPerSync: 3, bytesPerByte: 3 };
    const true3 = { ...machine, disk: amplified };
    const { requestsPerSecond, cores, batch } = await predictCell(true3, cellOf(cell));
    const measured: MeasuredCell = {
      ...(await measure(cell)),
      peak: { requestsPerSecond, generatorCores: cores.generator, generatorWorkers: 2 },
      batch,
    };
    const profile = await calibrate([measured], { cores: 4 });
    expect(profile.disk!.bytesPerByte / amplified.bytesPerByte).toBeCloseTo(1, 1);
    expect(profile.disk!.operationsPerSync / amplified.operationsPerSync).toBeCloseTo(1, 1);
  }, 60_000);

  it('needs an answer', async () => {
    const dead = {
      ...(await measure(planned('a', 1, 1, 10))),
      peak: { requestsPerSecond: 0, generatorCores: 0, generatorWorkers: 1 },
    };
    await expect(calibrate([dead], { cores: 2 })).rejects.toThrow('no cell with an answer');
  });
});
