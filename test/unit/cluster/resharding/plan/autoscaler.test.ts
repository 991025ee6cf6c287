// The autoscaler against load that steps, ramps, spikes and oscillates: it reaches what the load needs and does not flap.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeAutoscaler, memoryOf } from '../../../../../cluster/viewserver/leading/autoscaler-record.ts';
import { Autoscaler, type LoadSample } from '../../../../../cluster/resharding/plan/autoscaler.ts';
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

describe('it knows what it does not know, and what it did', () => {
  const busy: LoadSample = {
    atMs: 0,
    windowMs: 10_000,
    shards: 3,
    sharders: 10,
    shardersAsked: 10,
    requests: 30_000,
    p95Ms: 200,
    shardBusy: 1,
    sharderBusy: 0.1,
    etcdP95Ms: 150,
    fsyncP99Ms: 9,
    dbBytesMax: 1e6,
    memberCoresMax: 0.7,
    unfit: null,
    hot: null,
    isChanging: false,
  };
  const idle: LoadSample = { ...busy, requests: 500, p95Ms: 4, shardBusy: 0.05, etcdP95Ms: 3 };
  const judgeAll = (autoscaler: Autoscaler, sample: LoadSample, count: number, fromMs = 0) =>
    Array.from({ length: count }, (_, index) =>
      autoscaler.judge({ ...sample, atMs: fromMs + index * sample.windowMs }),
    );
  const { settings } = scaledCluster;

  test.each([
    [9, 'add-shard'],
    [8, 'none'],
  ])('of ten sharders %i answer: %s', (sharders, kind) => {
    const decisions = judgeAll(new Autoscaler(settings), { ...busy, sharders }, 2);
    expect(decisions.at(-1)).toMatchObject({ kind });
    if (sharders < 9) expect(decisions.at(-1)!.reason).toMatch('only 8 of 10 sharders');
    else expect(decisions.at(-1)!.reason).toMatch(/busiest lane 100 %.*fsync 9 ms.*0.7 cores/);
  });

  const hot = {
    shard: 2,
    share: 0.7,
    slots: [
      { slot: 17, share: 0.3 },
      { slot: 18, share: 0.3 },
    ],
    shareAfter: 0.4,
    moved: 1,
  };

  test('hot slots move before a shard is added, with as many shards as there may be, too', () => {
    const autoscaler = new Autoscaler({ ...settings, max: 3 });
    const decision = judgeAll(autoscaler, { ...busy, hot }, 2).at(-1);
    expect(decision).toMatchObject({ kind: 'move-slots', bottleneck: 'shards', sample: { hot } });
    expect(decision?.reason).toMatch(
      'shard 2 has 70 % of the operations, slot 17 alone 30 %: with 1 of its slots elsewhere no shard has more than 40 %',
    );
    const after = { ...hot, share: 0.4, shareAfter: 0.4, moved: 0 };
    const early = judgeAll(autoscaler, { ...busy, hot: after }, 2, 20_000);
    expect(early.at(-1)).toMatchObject({ kind: 'none' });
    const grown = new Autoscaler(settings);
    grown.memory = autoscaler.memory;
    expect(judgeAll(grown, { ...busy, hot: after }, 2, 200_000).at(-1)).toMatchObject({ kind: 'add-shard' });
  });

  test('one key that is hot is named, and nothing is moved or added for it', () => {
    const one = { ...hot, slots: [{ slot: 17, share: 0.6 }] };
    const decision = judgeAll(new Autoscaler(settings), { ...busy, hot: one }, 4).at(-1);
    expect(decision).toMatchObject({ kind: 'none', bottleneck: 'shards' });
    expect(decision?.reason).toMatch(/slot 17 alone 60 %: one key is hot/);
  });

  test('writes of one key wait for each other: the key is blamed though each transaction is short', () => {
    const one = { ...hot, slots: [{ slot: 17, share: 0.6 }] };
    const autoscaler = new Autoscaler(settings);
    const queued = { ...busy, etcdP95Ms: 10 };
    expect(judgeAll(autoscaler, queued, 2).at(-1)).toMatchObject({ bottleneck: 'unknown' });
    expect(judgeAll(autoscaler, { ...queued, hot: one }, 2).at(-1)?.reason).toMatch('one key is hot');
    expect(autoscaler.memory.brokenRates).toEqual([]);
  });

  test('what does not fit is not removed', () => {
    const unfit = 'shard 1 would be 93 % full';
    const decisions = judgeAll(new Autoscaler(settings), { ...idle, unfit }, 12);
    expect(decisions.map(({ kind }) => kind)).not.toContain('remove-shard');
    expect(decisions.at(-1)!.reason).toMatch('but shard 1 would be 93 % full');
    expect(judgeAll(new Autoscaler(settings), idle, 12).map(({ kind }) => kind)).toContain('remove-shard');
  });

  test('after an addition that did not help no other follows, until something changes', () => {
    const autoscaler = new Autoscaler(settings);
    expect(judgeAll(autoscaler, busy, 2).at(-1)).toMatchObject({ kind: 'add-shard' });
    const later = judgeAll(autoscaler, { ...busy, shards: 4 }, 12, 20_000);
    expect(later.map(({ kind }) => kind)).not.toContain('add-shard');
    expect(later.at(-1)!.reason).toMatch(
      'the last shard that was added did not help: before it p95 was 200 ms',
    );
    const more = judgeAll(autoscaler, { ...busy, shards: 4, requests: 60_000 }, 2, 200_000);
    expect(more[0]).toMatchObject({ kind: 'add-shard' });
  });

  test('whoever goes on with its memory judges as it would have', () => {
    const first = new Autoscaler(settings);
    judgeAll(first, busy, 2);
    const next = new Autoscaler(settings);
    const raw: unknown = JSON.parse(JSON.stringify({ format: 1, memory: first.memory }));
    next.memory = memoryOf(decodeAutoscaler(raw), next.memory);
    expect(next.memory).toEqual(first.memory);
    expect(judgeAll(next, { ...busy, shards: 4 }, 2, 100_000).at(-1)!.reason).toMatch('did not help');
  });
});
