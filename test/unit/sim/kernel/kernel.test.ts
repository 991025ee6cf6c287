import { describe, expect, test } from 'vitest';
import { Kernel } from '../../../../sim/kernel/kernel.ts';

/** A chain of `length` awaits, as deep asynchronous code makes. */
async function awaitManyTimes(length: number): Promise<void> {
  for (let step = 0; step < length; step++) await Promise.resolve();
}

describe('kernel', () => {
  test('runs events in order of virtual time and stands at the end of the run afterwards', async () => {
    const kernel = new Kernel();
    const seen: [string, number][] = [];
    const note = (name: string): void => void seen.push([name, kernel.nowUs]);
    kernel.schedule(300, note, 'third');
    kernel.schedule(100, note, 'first');
    kernel.schedule(100, note, 'second');
    kernel.schedule(1_001, note, 'too late');
    await kernel.run({ untilUs: 1_000 });
    expect(seen).toEqual([
      ['first', 100],
      ['second', 100],
      ['third', 300],
    ]);
    expect(kernel.nowUs).toBe(1_000);
    await kernel.run({ untilUs: 2_000 });
    expect(seen.at(-1)).toEqual(['too late', 1_001]);
  });

  test('lets every microtask of an event run before the next event, however long their chain', async () => {
    const kernel = new Kernel();
    const story: string[] = [];
    for (let number = 0; number < 200; number++) {
      kernel.scheduleAsync(10, () => {
        story.push(`start ${number}`);
        void awaitManyTimes(50).then(() => story.push(`end ${number}`));
      });
    }
    await kernel.run({ untilUs: 10 });
    expect(story).toEqual(
      Array.from({ length: 200 }, (_, number) => [`start ${number}`, `end ${number}`]).flat(),
    );
  });

  test('crosses no barrier after synchronous events', async () => {
    const kernel = new Kernel();
    for (let at = 0; at < 1_000; at++) kernel.schedule(at, () => undefined, undefined);
    await kernel.run({ untilUs: 1_000 });
    expect(kernel.eventCount).toBe(1_000);
    expect(kernel.barrierCount).toBe(1);
  });

  test('never runs a cancelled event, nor one that cancels itself twice', async () => {
    const kernel = new Kernel();
    let count = 0;
    const event = kernel.schedule(10, () => count++, undefined);
    kernel.schedule(5, () => event.cancel(), undefined);
    event.cancel();
    await kernel.run({ untilUs: 20 });
    expect(count).toBe(0);
  });

  test('runs what is scheduled into the past now, after what is already due', async () => {
    const kernel = new Kernel();
    const story: string[] = [];
    kernel.schedule(
      10,
      () => kernel.schedule(3, () => story.push(`late at ${kernel.nowUs}`), undefined),
      undefined,
    );
    kernel.schedule(10, () => story.push('due'), undefined);
    await kernel.run({ untilUs: 10 });
    expect(story).toEqual(['due', 'late at 10']);
  });

  test('stops after the event that asks for it and its microtasks, and can go on', async () => {
    const kernel = new Kernel();
    const story: string[] = [];
    kernel.scheduleAsync(10, () => {
      void awaitManyTimes(5).then(() => story.push('microtasks'));
      kernel.stop();
    });
    kernel.schedule(10, () => story.push('next'), undefined);
    await kernel.run({ untilUs: 100 });
    expect(story).toEqual(['microtasks']);
    expect(kernel.nowUs).toBe(10);
    await kernel.run({ untilUs: 100 });
    expect(story).toEqual(['microtasks', 'next']);
  });

  test('fails the run with what an event throws', async () => {
    const kernel = new Kernel();
    const problem = new Error('broken');
    kernel.schedule(
      10,
      () => {
        throw problem;
      },
      undefined,
    );
    await expect(kernel.run({ untilUs: 100 })).rejects.toBe(problem);
  });
});
