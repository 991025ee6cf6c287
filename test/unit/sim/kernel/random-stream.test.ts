import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../../sim/kernel/random-stream.ts';

const draw = (stream: RandomStream, count: number): number[] =>
  Array.from({ length: count }, () => stream.nextUint32());
const seed = fc.maxSafeNat();

describe('random stream', () => {
  test('the same seed and name give the same numbers, another seed or name others', () => {
    fc.assert(
      fc.property(seed, fc.string(), (number, name) => {
        const numbers = draw(new RandomStream(number, name), 4);
        expect(draw(new RandomStream(number, name), 4)).toEqual(numbers);
        expect(draw(new RandomStream(number, `${name}x`), 4)).not.toEqual(numbers);
        expect(draw(new RandomStream(number === 0 ? 1 : number - 1, name), 4)).not.toEqual(numbers);
      }),
    );
  });

  test('numbers fill [0, 2^32) evenly: each of 16 buckets is within a tenth of its share', () => {
    const buckets = Array.from({ length: 16 }, () => 0);
    const stream = new RandomStream(7, 'buckets');
    for (let count = 0; count < 160_000; count++) buckets[stream.nextUint32() >>> 28]!++;
    for (const bucket of buckets) expect(Math.abs(bucket - 10_000)).toBeLessThan(1_000);
  });

  test('an integer below a bound is below the bound, and takes every value', () => {
    const stream = new RandomStream(1, 'below');
    const seen = new Set(Array.from({ length: 500 }, () => stream.nextBelow(7)));
    expect([...seen].toSorted((one, other) => one - other)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test('a chance comes true as often as it says, and a chance of 0 draws nothing', () => {
    const stream = new RandomStream(3, 'chance');
    let hits = 0;
    for (let count = 0; count < 100_000; count++) if (stream.nextChance(0.1)) hits++;
    expect(Math.abs(hits - 10_000)).toBeLessThan(500);
    const twin = new RandomStream(4, 'none');
    const other = new RandomStream(4, 'none');
    expect(twin.nextChance(0)).toBe(false);
    expect(twin.nextUint32()).toBe(other.nextUint32());
  });

  test('an exponential draw has the mean that was asked for', () => {
    const stream = new RandomStream(5, 'exponential');
    let sum = 0;
    for (let count = 0; count < 100_000; count++) sum += stream.nextExponential(20);
    expect(Math.abs(sum / 100_000 - 20)).toBeLessThan(0.5);
  });
});
