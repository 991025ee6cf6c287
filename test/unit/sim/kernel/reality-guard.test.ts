import crypto from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { guardAgainstReality } from '../../../../sim/kernel/reality-guard.ts';
import { World } from '../../../../sim/run/world/world.ts';

const reality: Record<string, () => unknown> = {
  'Date.now': () => Date.now(),
  'performance.now': () => performance.now(),
  'Math.random': () => Math.random(),
  setTimeout: () => setTimeout(() => undefined, 0),
  setInterval: () => setInterval(() => undefined, 1_000),
  setImmediate: () => setImmediate(() => undefined),
  'crypto.randomUUID': () => globalThis.crypto.randomUUID(),
  'node:crypto randomUUID': () => crypto.randomUUID(),
  'process.hrtime': () => process.hrtime.bigint(),
};

describe('reality guard', () => {
  test.each(Object.keys(reality))('%s throws during a run and works again after it', async (name) => {
    const world = new World({ seed: 1 });
    let problem: unknown;
    world.kernel.schedule(
      1_000,
      () => {
        try {
          reality[name]!();
        } catch (error) {
          problem = error;
        }
      },
      undefined,
    );
    await world.run({ untilMs: 10 });
    expect(String(problem)).toMatch('during a simulated run');
    const left = reality[name]!();
    if (name === 'setInterval') clearInterval(left as NodeJS.Timeout);
  });

  test('is gone after a run that failed', async () => {
    const world = new World({ seed: 1 });
    world.kernel.schedule(1_000, () => Math.random(), undefined);
    await expect(world.run({ untilMs: 10 })).rejects.toThrow('Math.random'.slice(5));
    expect(Math.random()).toBeLessThan(1);
  });

  test('refuses a second run at the same time', () => {
    const release = guardAgainstReality();
    try {
      expect(guardAgainstReality).toThrow('two worlds');
    } finally {
      release();
    }
  });
});
