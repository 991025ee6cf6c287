import { describe, expect, test } from 'vitest';
import { memberPlacement } from '../../../../cluster/manifests/placement.ts';

/** The most members that one node can get under a maximal skew, in any order in which they may come. */
function fullestNode(members: number, counts: readonly number[], skewMax: number): number {
  if (members === 0) return Math.max(...counts);
  const next = counts.flatMap((count, node) =>
    count + 1 - Math.min(...counts) <= skewMax ? [counts.with(node, count + 1)] : [],
  );
  return Math.max(...next.map((placed) => fullestNode(members - 1, placed, skewMax)));
}

describe('where members go', () => {
  const skewMax = memberPlacement({}, {}).topologySpreadConstraints!.find(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  )!.maxSkew;

  test.each([
    [3, 3],
    [3, 5],
    [5, 3],
    [5, 5],
  ])('a quorum of %i members outlives any one of %i nodes', (members, nodes) => {
    const empty = Array.from({ length: nodes }, () => 0);
    expect(members - fullestNode(members, empty, skewMax)).toBeGreaterThan(members / 2);
  });

  test('one node, such as a small kind, takes all members', () => {
    expect(fullestNode(3, [0], skewMax)).toBe(3);
  });
});
