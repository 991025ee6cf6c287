import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TraceHash } from '../../../../sim/kernel/trace-hash.ts';

function hashOf(numbers: readonly number[]): string {
  const hash = new TraceHash();
  for (const number of numbers) hash.mix(number);
  return hash.digest();
}

describe('trace hash', () => {
  test('differs when the order, the number or one value differs', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1, maxLength: 20 }), fc.nat(), (numbers, where) => {
        const at = where % numbers.length;
        const digest = hashOf(numbers);
        expect(hashOf(numbers.with(at, numbers[at]! ^ 1))).not.toBe(digest);
        expect(hashOf([...numbers, 0])).not.toBe(digest);
        if (numbers[0] !== numbers.at(-1)) expect(hashOf(numbers.toReversed())).not.toBe(digest);
      }),
    );
  });

  test('has no collision among 200,000 short histories of small integers', () => {
    const digests = new Set<string>();
    for (let first = 0; first < 447; first++) {
      for (let second = 0; second < 447; second++) digests.add(hashOf([first, second]));
    }
    expect(digests.size).toBe(447 * 447);
  });

  test('tells strings apart, also where one ends and the next begins', () => {
    const digest = (...texts: string[]): string => {
      const hash = new TraceHash();
      for (const text of texts) hash.mixString(text);
      return hash.digest();
    };
    expect(digest('ab', 'c')).not.toBe(digest('a', 'bc'));
    expect(digest('a\0')).not.toBe(digest('a'));
    expect(digest('same')).toBe(digest('same'));
  });

  test('folds in all bits of a number', () => {
    const digest = (value: number): string => {
      const hash = new TraceHash();
      hash.mixNumber(value);
      return hash.digest();
    };
    const digests = [0, -0, 0.1, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, NaN, Infinity].map(digest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
