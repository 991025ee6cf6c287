import { describe, expect, test } from 'vitest';
import { Disk } from '../../../../sim/host/disk.ts';
import { diskProfiles } from '../../../../sim/kernel/latency.ts';
import { World } from '../../../../sim/run/world/world.ts';

function newDisk(seed = 1) {
  const world = new World({ seed });
  const { kernel, counters } = world;
  const disk = new Disk({ kernel, random: world.random('disk'), counters, profile: diskProfiles['pd-ssd'] });
  const story: string[] = [];
  const write = (name: string) => ({
    apply: (fraction: number) => void story.push(`${name} ${fraction === 1 ? 'whole' : 'torn'}`),
    onSynced: () => void story.push(`${name} synced`),
  });
  return { world, disk, story, write };
}

describe('disk', () => {
  test('syncs one after the other, in order, and says so after each', async () => {
    const { world, disk, story, write } = newDisk();
    disk.sync(write('first'));
    disk.sync(write('second'));
    expect(story).toEqual([]);
    await world.run({ untilMs: 1_000 });
    expect(story).toEqual(['first whole', 'first synced', 'second whole', 'second synced']);
  });

  test('ends no sync while it stalls, not even one that is under way', async () => {
    const { world, disk, story, write } = newDisk();
    disk.sync(write('write'));
    disk.stall({ untilMs: 400 });
    await world.run({ untilMs: 399 });
    expect(story).toEqual([]);
    await world.run({ untilMs: 401 });
    expect(story).toEqual(['write whole', 'write synced']);
    expect(world.counters.stalledSyncs).toBe(1);
  });

  test('a kill loses nothing that was written, though nobody hears of it', async () => {
    const { world, disk, story, write } = newDisk();
    disk.sync(write('first'));
    disk.sync(write('second'));
    disk.crash('kill');
    await world.run({ untilMs: 1_000 });
    expect(story).toEqual(['first whole', 'second whole']);
  });

  test('a power failure loses what waits, and wholly or in part what is under way', () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const { disk, story, write } = newDisk(seed);
      disk.sync(write('first'));
      disk.sync(write('second'));
      disk.crash('power');
      outcomes.add(story.join());
    }
    expect(outcomes).toEqual(new Set(['', 'first torn']));
  });

  test.each(Object.keys(diskProfiles))(
    '%s takes at least its floor, and its mean is near what it says',
    async (name) => {
      const profile = diskProfiles[name as keyof typeof diskProfiles];
      const { world, disk } = newDisk();
      disk.profile = profile;
      const tookUs: number[] = [];
      let startUs = 0;
      const next = (): void => {
        startUs = world.kernel.nowUs;
        disk.sync({
          apply: () => undefined,
          onSynced: () => {
            tookUs.push(world.kernel.nowUs - startUs);
            if (tookUs.length < 5_000) next();
          },
        });
      };
      next();
      await world.run({ untilMs: 1_000_000 });
      const meanUs = tookUs.reduce((sum, took) => sum + took, 0) / tookUs.length;
      const expectedUs = profile.minUs + profile.meanExtraUs + profile.tailChance * profile.tailMeanUs;
      expect(Math.min(...tookUs)).toBeGreaterThanOrEqual(profile.minUs);
      expect(Math.abs(meanUs / expectedUs - 1)).toBeLessThan(0.1);
    },
  );
});
