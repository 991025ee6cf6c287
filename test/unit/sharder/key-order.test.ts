import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes, intervalOf, isInside, orderOf } from '../../../sharder/core/key-order.ts';

/** Text with many characters around the surrogates, where the orders of UTF-8 and UTF-16 differ. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\0', 'a', '\x7f', '\x80', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff'),
    fc.constantFrom('\u{10000}', '\u{1f600}', '\u{10ffff}'),
  ),
  maxLength: 5,
});

describe('key order', () => {
  test('compares as the UTF-8 bytes of the keys do', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const bytes = Math.sign(Buffer.compare(Buffer.from(one), Buffer.from(other)));
        const order = orderOf(one) < orderOf(other) ? -1 : orderOf(one) > orderOf(other) ? 1 : 0;
        expect(order).toBe(bytes);
        expect(Math.sign(compareBytes(Buffer.from(one), Buffer.from(other)))).toBe(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  test('an interval holds what etcd says it holds', () => {
    const inside = (key: string, start: string, end?: string): boolean =>
      isInside(orderOf(key), intervalOf(start, end));
    expect(inside('a', 'a')).toBe(true);
    expect(inside('a\0', 'a')).toBe(false);
    expect(inside('b', 'a', 'b')).toBe(false);
    expect(inside('a\u{10ffff}', 'a', 'b')).toBe(true);
    expect(inside('\u{1f600}', '\uffff', '\0')).toBe(true);
    expect(inside('\uffff', '\u{1f600}', '\0')).toBe(false);
    expect(inside('a', 'b', 'a')).toBe(false);
    expect(inside('a', 'a', '')).toBe(true);
  });
});
