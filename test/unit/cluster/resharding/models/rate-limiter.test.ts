import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RateLimiter } from '../../../../../cluster/resharding/rate-limiter.ts';
import { ManualClock } from '../../../../support/manual-clock.ts';

const asked = fc.array(fc.record({ afterMs: fc.nat(300), keys: fc.nat(40) }), { maxLength: 12 });

test('whoever asks passes when all keys before it have had their time, and not later', async () => {
  const rate = fc.option(fc.integer({ min: 1, max: 200 }), { freq: 8 });
  await fc.assert(
    fc.asyncProperty(rate, asked, async (perSecondMax, all) => {
      const clock = new ManualClock();
      const limiter = new RateLimiter(clock, perSecondMax);
      const passedAtMs: number[] = [];
      const expected: number[] = [];
      // The twin: a turnstile that is shut after each for as long as its keys take.
      let openAtMs = 0;
      for (const [index, { afterMs, keys }] of all.entries()) {
        await clock.advance(afterMs);
        void limiter.take(keys).then(() => (passedAtMs[index] = clock.nowMs()));
        const passesAtMs = perSecondMax === null ? clock.nowMs() : Math.max(clock.nowMs(), openAtMs);
        expected.push(passesAtMs);
        if (perSecondMax !== null) openAtMs = passesAtMs + (keys * 1000) / perSecondMax;
      }
      await clock.advance(1e6);
      expect(passedAtMs).toHaveLength(expected.length);
      for (const [index, atMs] of expected.entries()) expect(passedAtMs[index]).toBeCloseTo(atMs, 6);
    }),
  );
});
