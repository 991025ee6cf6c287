// The autoscaler against load that steps, ramps, spikes and oscillates: it reaches what the load needs and does not flap.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runScaled, scaledCluster, type ScaledRun } from '../../../../support/scaled-cluster.ts';

const windows = 600;

/** Additions that follow a removal, and removals that follow an addition. */
function reversals({ changes }: ScaledRun): number {
  return changes.filter(({ by }, index) => index > 0 && changes[index - 1]!.by !== by).length;
}

describe('the load decides how many shards there are in the end', () => {
  test.each([
    ['none: the least that is allowed', 0, 2],
    ['little: the least that is allowed', 300, 2],
    ['a steady load that three shards hold: three', 2200, 3],
    ['more than three can serve: as many as hold the objective', 3600, 5],
    ['more than the most can serve: the most that is allowed', 50_000, 8],
  ])('%s', (_title, rate, shards) => {
    const run = runScaled(scaledCluster, windows, () => rate);
    expect(run.shards.at(-1)).toBe(shards);
    expect(reversals(run)).toBe(0);
  });
});

describe('it does not flap', () => {
  test('a step up and down is followed once in each direction', () => {
    const run = runScaled(scaledCluster, windows, (window) => (window > 100 && window < 350 ? 4000 : 1500));
    expect(Math.max(...run.shards)).toBe(5);
    expect(run.shards.at(-1)).toBeLessThanOrEqual(3);
    expect(reversals(run)).toBeLessThanOrEqual(2);
  });

  test('a ramp up and down is followed once in each direction', () => {
    const run = runScaled(scaledCluster, windows, (window) => 1000 + 15 * Math.min(window, 600 - window));
    expect(Math.max(...run.shards)).toBeGreaterThanOrEqual(6);
    expect(run.shards.at(-1)).toBeLessThanOrEqual(3);
    expect(reversals(run)).toBeLessThanOrEqual(2);
  });

  test('a spike of one window changes nothing', () => {
    const run = runScaled(scaledCluster, windows, (window) => (window % 50 === 0 ? 20_000 : 2200));
    expect(run.changes).toEqual([]);
  });

  test('a load that swings faster than the pauses makes it grow and stay', () => {
    const run = runScaled(scaledCluster, windows, (window) => (window % 8 < 4 ? 3600 : 600));
    expect(Math.max(...run.shards.slice(300))).toBe(Math.min(...run.shards.slice(300)));
  });

  test('a load that swings slowly makes it wait longer each time that a removal was a mistake', () => {
    const run = runScaled(scaledCluster, 4 * windows, (window) => (window % 40 < 20 ? 3600 : 600));
    const removals = run.changes.filter(({ by }) => by < 0).map(({ window }) => window);
    expect(removals.filter((window) => window >= 2 * windows)).toEqual([]);
    expect(removals.length).toBeLessThanOrEqual(6);
  });

  test('whatever the load, changes are as far apart as the pause, and within the bounds', () => {
    const segments = fc.array(fc.record({ windows: fc.nat(60), rate: fc.nat(12_000) }), { minLength: 1 });
    fc.assert(
      fc.property(segments, fc.integer({ min: 2, max: 8 }), (load, shards) => {
        const rates = load.flatMap(({ windows: count, rate }) => Array.from({ length: count }, () => rate));
        const run = runScaled({ ...scaledCluster, shards }, rates.length, (window) => rates[window]!);
        const { cooldownMs, min, max } = scaledCluster.settings;
        for (const [index, { window }] of run.changes.entries()) {
          const before = run.changes[index - 1];
          if (before !== undefined)
            expect((window - before.window) * scaledCluster.windowMs).toBeGreaterThanOrEqual(cooldownMs);
        }
        for (const count of run.shards) {
          expect(count).toBeGreaterThanOrEqual(min);
          expect(count).toBeLessThanOrEqual(max);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('it says why', () => {
  test('sharders that are short of processor time are recommended, not shards', () => {
    const run = runScaled({ ...scaledCluster, sharderRate: 2000 }, 20, () => 1950);
    expect(run.changes).toEqual([]);
    expect(run.decisions.at(-1)).toMatchObject({ kind: 'recommend-sharders', bottleneck: 'sharders' });
  });

  test('a broken objective that nobody explains changes nothing', () => {
    const run = runScaled({ ...scaledCluster, baseP95Ms: 60 }, 20, () => 400);
    expect(run.changes).toEqual([]);
    expect(run.decisions.at(-1)).toMatchObject({ kind: 'none', bottleneck: 'unknown' });
  });

  test('too few requests prove nothing about latency', () => {
    const run = runScaled({ ...scaledCluster, baseP95Ms: 600, shards: 2 }, 20, () => 10);
    expect(run.changes).toEqual([]);
  });

  test('an addition names the objective and what was measured', () => {
    const run = runScaled(scaledCluster, 20, () => 4000);
    const addition = run.decisions.find(({ kind }) => kind === 'add-shard')!;
    expect(addition).toMatchObject({ bottleneck: 'shards', sample: { shards: 3, shardBusy: 1 } });
    expect(addition.reason).toContain('the objective 50 ms');
  });

  test('a removal says what it expects', () => {
    const run = runScaled(scaledCluster, 20, () => 700);
    const removal = run.decisions.find(({ kind }) => kind === 'remove-shard')!;
    expect(removal.predictedP95Ms).toBeCloseTo(8 / (1 - 0.35), 0);
  });
});
