import { expect, test } from 'vitest';
import { compareReleases } from '../../../../cluster/etcd/compare-releases.ts';

test('releases are compared number by number, and one that is not out yet is older', () => {
  const inOrder = ['3.4.9', '3.4.23', '3.5.0-rc.0', '3.5.0-rc.1', '3.5.0', '3.5.33', '3.10.1', '4.0.0'];
  expect(inOrder.toReversed().toSorted(compareReleases)).toEqual(inOrder);
  expect(compareReleases('3.7.3', '3.7.3')).toBe(0);
});
