import { describe, expect, test } from 'vitest';
import { memberPlacement } from '../../../../cluster/manifests/placement.ts';
import { parseTopology } from '../../../../cluster/topology/topology.ts';

/** The most members that one node can get under a maximal skew, whatever order they come in. */
function fullestNode(members: number, nodes: number, skewMax: number): number {
  const counts = Array.from({ length: nodes }, () => 0);
  for (let member = 0; member < members; member += 1) {
    // The worst scheduler: the fullest node that the rule still allows.
    const allowed = counts.filter((count) => count + 1 - Math.min(...counts) <= skewMax);
    counts[counts.indexOf(Math.max(...allowed))]! += 1;
  }
  return Math.max(...counts);
}

describe('where members go', () => {
  const skewOf = (members: number) =>
    memberPlacement(parseTopology({ members }), {}, {}).topologySpreadConstraints!.find(
      ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
    )!.maxSkew;

  test.each([
    [3, 3],
    [3, 9],
    [5, 3],
    [5, 9],
  ])('a quorum of %i members outlives any one of %i nodes', (members, nodes) => {
    const left = members - fullestNode(members, nodes, skewOf(members));
    expect(left).toBeGreaterThan(members / 2);
  });

  test('one node, such as a small kind, takes all members', () => {
    expect(fullestNode(3, 1, skewOf(3))).toBe(3);
  });
});
