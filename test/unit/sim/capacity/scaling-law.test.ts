import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitScalingLaw, scalingLawAt, type ScalingFit } from '../../../../sim/capacity/scaling-law.ts';

interface Law {
  lambda: number;
  sigma: number;
  kappa: number;
}

const counts = [1, 2, 4, 8, 16, 32];

function pointsOf({ lambda, sigma, kappa }: Law, noise: readonly number[] = []) {
  return counts.map((count, index) => ({
    count,
    requestsPerSecond:
      ((lambda * count) / (1 + sigma * (count - 1) + kappa * count * (count - 1))) *
      (1 + (noise[index] ?? 0)),
  }));
}

function fitted(fit: ScalingFit): Extract<ScalingFit, { kind: 'fit' }> {
  if (fit.kind === 'none') throw new Error(fit.why);
  return fit;
}

describe('the scalability law', () => {
  it('is found again from points that lie on it, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.record({
          lambda: fc.double({ min: 10, max: 1e6, noNaN: true }),
          sigma: fc.double({ min: 0, max: 0.5, noNaN: true }),
          kappa: fc.double({ min: 0, max: 0.01, noNaN: true }),
        }),
        (law) => {
          const fit = fitted(fitScalingLaw(pointsOf(law)));
          expect(fit.lambda.value / law.lambda).toBeCloseTo(1, 5);
          expect(fit.sigma.value).toBeCloseTo(law.sigma, 5);
          expect(fit.kappa.value).toBeCloseTo(law.kappa, 6);
          expect(scalingLawAt(fit, 10)).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('has intervals that hold the truth in about 95 of 100 noisy samples, and are not just wide', () => {
    const law = { lambda: 1000, sigma: 0.05, kappa: 0.001 };
    let state = 1;
    // Sums of twelve uniform numbers are as good as normal here.
    const normal = () => {
      let sum = -6;
      for (let draw = 0; draw < 12; draw++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        sum += state / 2 ** 32;
      }
      return sum;
    };
    let held = 0;
    const widths: number[] = [];
    for (let sample = 0; sample < 300; sample++) {
      const fit = fitted(
        fitScalingLaw(
          pointsOf(
            law,
            counts.map(() => 0.02 * normal()),
          ),
        ),
      );
      if (fit.lambda.low <= law.lambda && law.lambda <= fit.lambda.high) held++;
      widths.push((fit.lambda.high - fit.lambda.low) / law.lambda);
    }
    expect(held / 300).toBeGreaterThan(0.9);
    expect(held / 300).toBeLessThan(0.99);
    expect(Math.max(...widths)).toBeLessThan(0.6);
  });

  it('puts the peak where the curve turns, and has none when nothing is agreed on', () => {
    expect(fitted(fitScalingLaw(pointsOf({ lambda: 100, sigma: 0.1, kappa: 0.001 }))).peakAt).toBeCloseTo(
      30,
      0,
    );
    expect(
      fitted(fitScalingLaw(counts.map((count) => ({ count, requestsPerSecond: 50 * count })))).peakAt,
    ).toBeNull();
  });

  it.each([
    [
      'too few counts',
      [1, 2, 4, 4, 2, 1].map((count) => ({ count, requestsPerSecond: count })),
      '3 different counts',
    ],
    [
      'a dead point',
      counts.map((count) => ({ count, requestsPerSecond: count === 4 ? 0 : 1 })),
      'no throughput',
    ],
    [
      'points that no curve of the kind meets',
      pointsOf({ lambda: 9, sigma: 0, kappa: 0 }, [0, 1, -0.5, 2, -0.5, 1]),
      'misses a point',
    ],
    [
      'throughput that grows faster than the count',
      counts.map((count) => ({ count, requestsPerSecond: count ** 1.3 })),
      'grows faster',
    ],
    [
      'four points that scatter',
      [846, 970, 1067, 1256].map((requestsPerSecond, index) => ({ count: 2 * index + 1, requestsPerSecond })),
      'not identified',
    ],
  ])('gives no fit but a reason for %s', (_, points, why) => {
    expect(fitScalingLaw(points)).toEqual({ kind: 'none', why: expect.stringContaining(why) });
  });
});
