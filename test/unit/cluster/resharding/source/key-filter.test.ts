import { expect, test } from 'vitest';
import { KeyFilter } from '../../../../../cluster/resharding/source/key-filter.ts';

const added = (count: number) => Array.from({ length: count }, (_, index) => `d/0001/key-${index}`);
const others = Array.from({ length: 100_000 }, (_, index) => `d/0001/other-${index}`);

function filterOf(count: number): KeyFilter {
  const filter = new KeyFilter();
  for (const key of added(count)) filter.add(key);
  return filter;
}

test('every key that was added is found, and of 100,000 others hardly one', () => {
  const filter = filterOf(100_000);
  expect(added(100_000).every((key) => filter.mayHave(key))).toBe(true);
  expect(others.filter((key) => filter.mayHave(key)).length).toBeLessThanOrEqual(5);
});

test('with four times as many keys it still tells most of them apart', () => {
  const filter = filterOf(400_000);
  expect(others.filter((key) => filter.mayHave(key)).length).toBeLessThan(1000);
});

test('an empty filter has nothing', () => {
  const empty = new KeyFilter();
  expect(others.some((key) => empty.mayHave(key))).toBe(false);
});
