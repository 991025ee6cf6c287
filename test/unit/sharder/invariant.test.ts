/** What stands in for an assertion that nothing checks. */
import { expect, test } from 'vitest';
import { invariant, present } from '../../../sharder/core/invariant.ts';

test('a value that is there comes back, falsy ones too', () => {
  expect([0, '', false].map((value) => present(value, 'it'))).toEqual([0, '', false]);
});

test('a value that is missing is named', () => {
  expect(() => present(undefined, 'the home shard')).toThrow('the home shard is missing');
  expect(() => present(null, 'the home shard')).toThrow('the home shard is missing');
});

test('what does not hold is said', () => {
  expect(() => invariant(false, 'the source has not been asked')).toThrow('the source has not been asked');
  invariant(true, 'never said');
});
