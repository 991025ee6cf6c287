import { expect, test } from 'vitest';
import { byteCount, milliCores } from '../../../../cluster/topology/quantity.ts';

test('sizes are powers of two', () => {
  expect(['1Ki', '64Mi', '8Gi', '2Ti'].map(byteCount)).toEqual([
    1024,
    64 * 2 ** 20,
    8 * 2 ** 30,
    2 * 2 ** 40,
  ]);
});

test('processor time is the same in cores and in thousandths', () => {
  expect(['300m', '0.3', '2', '1.5'].map(milliCores)).toEqual([300, 300, 2000, 1500]);
});

test('what is no quantity is a programmer error', () => {
  expect(() => byteCount('64MB')).toThrow('64MB');
  expect(() => milliCores('much')).toThrow('much');
});
