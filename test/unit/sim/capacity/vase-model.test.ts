import { describe, expect, it } from 'vitest';
import type { CapacityCell } from '../../../../sim/capacity/cell.ts';
import { predictCell } from '../../../../sim/capacity/predict-cell.ts';
import { type Profile, profiles } from '../../../../sim/capacity/profile.ts';

const profile: Profile = profiles['gke-pd-ssd'];
const limited: Profile = { ...profile, sharder: { ...profile.sharder, limitCores: 0.3 } };
const short = { requestsMax: 10_000 };

function cellWith(
  size: Partial<Pick<CapacityCell, 'sharders' | 'shards' | 'members'>>,
  load: Partial<CapacityCell['load']> = {},
): CapacityCell {
  return {
    sharders: 1,
    shards: 1,
    members: 3,
    ...size,
    load: {
      pattern: 'mixed',
      writeShare: 0.5,
      keys: 10_000,
      valueBytes: 16,
      distribution: 'uniform',
      arrivals: { kind: 'closed', users: 200 },
      ...load,
    },
  };
}

describe('the model of Vase', () => {
  it('gives the same prediction for the same seed, and another for another', async () => {
    const cell = cellWith({ sharders: 2, shards: 2 });
    const first = await predictCell(profile, cell, short);
    expect(await predictCell(profile, cell, short)).toEqual(first);
    expect(await predictCell(profile, cell, { ...short, seed: 2 })).not.toEqual(first);
  });

  it('keeps Little’s law: users are throughput times latency', async () => {
    const { requestsPerSecond, latency } = await predictCell(profile, cellWith({ shards: 2 }), {
      requestsMax: 40_000,
    });
    expect(Math.abs((requestsPerSecond * latency.meanMs) / 1000 / 200 - 1)).toBeLessThan(0.02);
  });

  it('serves what arrives at random while that is below the peak', async () => {
    const open = cellWith({}, { arrivals: { kind: 'open', perSecond: 2000 } });
    const { requestsPerSecond, refused } = await predictCell(profile, open, short);
    expect(Math.abs(requestsPerSecond / 2000 - 1)).toBeLessThan(0.05);
    expect(refused).toBe(0);
  });

  it('batches more the more wait, so that a request costs less', async () => {
    const few = await predictCell(profile, cellWith({}, { arrivals: { kind: 'closed', users: 4 } }), short);
    const many = await predictCell(
      profile,
      cellWith({}, { arrivals: { kind: 'closed', users: 400 } }),
      short,
    );
    expect(many.batch.writes!).toBeGreaterThan(10 * few.batch.writes!);
    const costOf = ({ cores, requestsPerSecond }: typeof few) => cores.sharders / requestsPerSecond;
    expect(costOf(many)).toBeLessThan(costOf(few) / 2);
  });

  it('writes a key once a transaction', async () => {
    const { batch } = await predictCell(profile, cellWith({}, { writeShare: 1, keys: 3 }), short);
    expect(batch.writes!).toBeLessThanOrEqual(3);
    expect(batch.reads).toBeNull();
  });

  it('under the limit of 0.3 core gains with each doubling of the sharders, and its p95 falls', async () => {
    const results = [];
    for (const sharders of [1, 2, 4]) results.push(await predictCell(limited, cellWith({ sharders }), short));
    for (const [index, after] of results.entries()) {
      expect(after.cores.sharders).toBeLessThan(0.31 * 2 ** index);
      const before = results[index - 1];
      if (before === undefined) continue;
      expect(after.requestsPerSecond).toBeGreaterThan(1.3 * before.requestsPerSecond);
      expect(after.latency.p95Ms).toBeLessThan(before.latency.p95Ms);
    }
  });

  it('gains writes with each shard where the disks are the limit', async () => {
    const disk = { iops: 300, bytesPerSecond: 1_000_000, operationsPerSync: 1, bytesPerByte: 2 };
    const load = { writeShare: 1, valueBytes: 1000 };
    const rates = [];
    for (const shards of [1, 2, 3]) {
      const { requestsPerSecond } = await predictCell(
        { ...profile, disk },
        cellWith({ sharders: 4, shards }, load),
        short,
      );
      rates.push(requestsPerSecond);
    }
    // A disk of 1 MB/s takes 1150 bytes twice for each write.
    expect(rates[0]! / (1_000_000 / 2300)).toBeCloseTo(1, 1);
    expect(rates[1]! / rates[0]!).toBeGreaterThan(1.7);
    expect(rates[2]! / rates[0]!).toBeGreaterThan(2.5);
  });

  it('answers a write after its sync', async () => {
    const one = cellWith({ members: 1 }, { writeShare: 1, arrivals: { kind: 'closed', users: 1 } });
    const slow: Profile = {
      ...profile,
      wal: { minUs: 20_000, meanExtraUs: 0, tailChance: 0, tailMeanUs: 0 },
    };
    const { latency } = await predictCell(slow, one, { durationMs: 4000 });
    expect(latency.medianMs).toBeGreaterThan(20);
    expect(latency.medianMs).toBeLessThan(25);
  });
});
