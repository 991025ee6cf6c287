/** Decisions by a majority of a fixed set of voters: the two rules on which commit, votes and reads rest. */

/** The smallest number of voters that is more than half of them. */
export function quorumOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/**
 * The greatest index that a majority has reached.
 * @param matched for each voter the last index that it is known to hold; at most 5, in any order.
 */
export function committedIndex(matched: readonly number[]): number {
  let committed = 0;
  const quorum = quorumOf(matched.length);
  // Quadratic and without allocation: the fastest way for 1, 3 or 5 voters.
  for (const candidate of matched) {
    if (candidate <= committed) continue;
    let reached = 0;
    for (const index of matched) if (index >= candidate) reached++;
    if (reached >= quorum) committed = candidate;
  }
  return committed;
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** @param votes for each voter true (granted), false (rejected) or undefined (no answer yet). */
export function voteResult(votes: readonly (boolean | undefined)[]): VoteResult {
  const quorum = quorumOf(votes.length);
  let granted = 0;
  let rejected = 0;
  for (const vote of votes) {
    if (vote === true) granted++;
    else if (vote === false) rejected++;
  }
  if (granted >= quorum) return 'won';
  return votes.length - rejected < quorum ? 'lost' : 'pending';
}
