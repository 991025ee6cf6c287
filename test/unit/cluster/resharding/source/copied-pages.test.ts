import { expect, test } from 'vitest';
import { CopiedPages } from '../../../../../cluster/resharding/source/copied-pages.ts';

test('before the first page nothing is held', () => {
  const pages = new CopiedPages();
  expect([pages.has('a'), pages.baseOf('a'), pages.oldest]).toEqual([false, 0, 0]);
});

test('a key is held as of its own page, and what is still to come as of the newest at least', () => {
  const pages = new CopiedPages();
  pages.add('d', 10);
  pages.add('h', 10);
  pages.add('m', 12);
  expect(['a', 'd', 'h', 'l', 'm'].map((key) => [pages.has(key), pages.baseOf(key)])).toEqual([
    [true, 10],
    [true, 10],
    [true, 12],
    [true, 12],
    [false, 12],
  ]);
  expect([pages.oldest, pages.newest]).toEqual([10, 12]);
});

test('pages follow each other in the order of UTF-8, as etcd has it', () => {
  const pages = new CopiedPages();
  pages.add('\u{ffff}\0', 10);
  expect([pages.has('\u{ffff}'), pages.has('\u{1f600}')]).toEqual([true, false]);
});

test('what is proven is held as of one revision', () => {
  const pages = new CopiedPages();
  pages.add('d', 10);
  pages.add('m', 12);
  pages.settleAt(20);
  expect([pages.baseOf('a'), pages.baseOf('z'), pages.has('z'), pages.oldest]).toEqual([20, 20, true, 20]);
});
