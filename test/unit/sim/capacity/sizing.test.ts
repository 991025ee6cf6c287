import { describe, expect, it } from 'vitest';
import type { CapacityCell } from '../../../../sim/capacity/cell.ts';
import { type Profile, profiles } from '../../../../sim/capacity/profile.ts';
import { kneeOf, scalingCurve } from '../../../../sim/capacity/scaling-curve.ts';
import { sizeForTarget } from '../../../../sim/capacity/size-for-target.ts';

const profile: Profile = profiles['gke-pd-ssd'];
const cell: CapacityCell = {
  sharders: 8,
  shards: 4,
  members: 3,
  load: {
    pattern: 'mixed',
    writeShare: 0.5,
    keys: 10_000,
    valueBytes: 16,
    distribution: 'uniform',
    arrivals: { kind: 'closed', users: 100 },
  },
};

describe('a scaling curve', () => {
  it('goes up in doublings to its end, with users for all', async () => {
    const { points, others } = await scalingCurve(profile, cell, { axis: 'sharders', max: 8 });
    expect(points.map(({ count }) => count)).toEqual([1, 2, 4, 8]);
    expect(points.map(({ users }) => users)).toEqual([100, 200, 400, 800]);
    expect(others).toBe(4);
    const rates = points.map(({ prediction }) => prediction.requestsPerSecond);
    expect(rates[1]!).toBeGreaterThan(rates[0]!);
  });

  it('has its knee where doubling stops to bring half as much again', () => {
    const points = (...rates: number[]) =>
      rates.map((requestsPerSecond, index) => ({ count: 2 ** index, prediction: { requestsPerSecond } }));
    expect(kneeOf(points(10, 20, 38, 70, 90, 95))).toBe(8);
    expect(kneeOf(points(10, 20, 40))).toBe(4);
    expect(kneeOf(points(10, 12, 24))).toBeNull();
  });
});

describe('the size for a target', () => {
  it('meets the target, and needs no fewer for a higher one', async () => {
    const low = (await sizeForTarget(profile, cell, { requestsPerSecond: 5_000, p95Ms: 20 }))!;
    expect(low.prediction.latency.p95Ms).toBeLessThanOrEqual(20);
    const high = (await sizeForTarget(profile, cell, { requestsPerSecond: 20_000, p95Ms: 20 }))!;
    expect(high.prediction.requestsPerSecond).toBeGreaterThan(19_000);
    expect(high.sharders).toBeGreaterThan(low.sharders);
    expect(high.shards).toBeGreaterThanOrEqual(low.shards);
  }, 60_000);

  it('does not exist when the way alone takes longer', async () => {
    const far: Profile = {
      ...profile,
      network: { ...profile.network, users: { minUs: 30_000, meanExtraUs: 0, tailChance: 0, tailMeanUs: 0 } },
    };
    expect(await sizeForTarget(far, cell, { requestsPerSecond: 100, p95Ms: 20 })).toBeNull();
  }, 60_000);
});
