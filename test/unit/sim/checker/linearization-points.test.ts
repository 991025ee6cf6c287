import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkHistory } from '../../../../sim/checker/check-history.ts';
import { pointsOf } from '../../../../sim/checker/drawing/linearization-points.ts';
import { makeHistory } from '../../../bench/checker-histories.ts';

test('the points of a linearization ascend, each within the interval of its operation', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 12 }), (seed, concurrency) => {
      const shape = { operations: 80, keys: 1, concurrency, versions: false, open: 3, reads: 0.5, seed };
      const operations = makeHistory({ ...shape, values: 'unique', writes: ['put', 'cas'] });
      const { order } = checkHistory(operations).keys[0]!;
      const points = pointsOf(operations, order);
      expect(points).toEqual(points.toSorted((a, b) => a - b));
      for (const [step, index] of order.entries()) {
        const { invoked, returned, outcome } = operations[index]!;
        expect(points[step]).toBeGreaterThanOrEqual(invoked);
        expect(points[step]).toBeLessThanOrEqual(outcome.kind === 'open' ? Infinity : returned);
      }
    }),
    { numRuns: 100 },
  );
});
