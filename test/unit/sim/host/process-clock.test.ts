import { describe, expect, test } from 'vitest';
import { World } from '../../../../sim/run/world/world.ts';

describe('process clock', () => {
  test('is ahead by its skew, drifts, jumps forward and never goes back', async () => {
    const world = new World({ seed: 1 });
    const { clock } = world.addProcess('sharder', { skewMs: 500 });
    expect(clock.nowMs()).toBe(500);
    clock.setDrift(0.01);
    await world.run({ untilMs: 1_000 });
    expect(clock.nowMs()).toBeCloseTo(1_510, 6);
    clock.step(100);
    expect(clock.nowMs()).toBeCloseTo(1_610, 6);
    clock.step(-50);
    expect(clock.nowMs()).toBeCloseTo(1_610, 6);
    await world.run({ untilMs: 1_020 });
    expect(clock.nowMs()).toBeCloseTo(1_610, 6);
    await world.run({ untilMs: 1_100 });
    expect(clock.nowMs()).toBeCloseTo(1_661, 6);
  });

  test('runs timers in order of their time; one of delay 0 after what is already pending', async () => {
    const world = new World({ seed: 1 });
    const { clock } = world.addProcess('sharder');
    const story: string[] = [];
    clock.schedule(10, () => {
      story.push('ten');
      clock.schedule(0, () => story.push('zero'));
    });
    clock.schedule(10, () => story.push('also ten'));
    const cancel = clock.schedule(5, () => story.push('never'));
    cancel();
    cancel();
    await world.run({ untilMs: 20 });
    expect(story).toEqual(['ten', 'also ten', 'zero']);
  });

  test('timers wait while the process is paused, and die with it', async () => {
    const world = new World({ seed: 1 });
    const process = world.addProcess('sharder');
    const fired: number[] = [];
    process.clock.schedule(10, () => fired.push(world.nowMs));
    process.clock.schedule(100, () => fired.push(world.nowMs));
    process.pause();
    await world.run({ untilMs: 50 });
    expect(fired).toEqual([]);
    process.resume();
    expect(fired).toEqual([50]);
    process.crash();
    process.restart();
    await world.run({ untilMs: 200 });
    expect(fired).toEqual([50]);
  });
});
