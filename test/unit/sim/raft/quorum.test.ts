import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { committedIndex, quorumOf, voteResult } from '../../../../sim/raft/quorum.ts';

const voters = fc.constantFrom(1, 3, 5);
const filled = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> =>
  voters.chain((count) => fc.array(value, { minLength: count, maxLength: count }));

/** All subsets of the voters that are more than half of them. */
function majorities(count: number): number[][] {
  const found: number[][] = [];
  for (let mask = 0; mask < 1 << count; mask++) {
    const members = Array.from({ length: count }, (_, at) => at).filter((at) => (mask >> at) & 1);
    if (2 * members.length > count) found.push(members);
  }
  return found;
}

describe('quorum', () => {
  test('any two quorums share a voter', () => {
    for (const count of [1, 3, 5]) expect(2 * quorumOf(count)).toBeGreaterThan(count);
  });

  test('the committed index is the greatest that all of some majority have reached', () => {
    fc.assert(
      fc.property(filled(fc.nat({ max: 6 })), (matched) => {
        const twin = Math.max(
          ...majorities(matched.length).map((members) => Math.min(...members.map((at) => matched[at]!))),
        );
        expect(committedIndex(matched)).toBe(twin);
      }),
    );
  });

  test('a vote is won when a majority has granted it, lost when no majority can grant it any more', () => {
    fc.assert(
      fc.property(filled(fc.constantFrom(true, false, undefined)), (votes) => {
        const all = majorities(votes.length);
        const isWon = all.some((members) => members.every((at) => votes[at] === true));
        const isOpen = all.some((members) => members.every((at) => votes[at] !== false));
        expect(voteResult(votes)).toBe(isWon ? 'won' : isOpen ? 'pending' : 'lost');
      }),
    );
  });
});
