/**
 * Elections: the optional pre-vote, the vote, and the rule for granting it. A node that has heard of a leader lately ignores
 * candidates (the leader's lease of etcd-io/raft's check-quorum); a leader that cannot reach a quorum steps down.
 */
import { MembershipChange } from './membership.ts';
import type { Message } from './message.ts';
import { quorumOf, voteResult } from './quorum.ts';
import { broadcastAppend } from './replication.ts';
import type { RaftState } from './state.ts';

/** The election timer has run out: become leader, or start to ask for votes. A node without a vote goes on waiting. */
export function campaign(state: RaftState): void {
  state.drawPatience();
  if (!state.membership.isVoter(state.options.id) || hasChangeToApply(state)) return;
  if (state.options.preVote) {
    state.becomePreCandidate();
    askForVotes(state, 'pre_vote');
  } else standForElection(state);
}

/** Whether a committed change of membership is yet to be applied: votes must not be counted by a membership known to be over. */
function hasChangeToApply({ log }: RaftState): boolean {
  for (let index = log.applied + 1; index <= log.committed; index++)
    if (log.entryAt(index).payload instanceof MembershipChange) return true;
  return false;
}

function standForElection(state: RaftState): void {
  state.becomeCandidate();
  askForVotes(state, 'vote');
}

/** `countVote` counts the own vote as well: for a node that is alone it is enough. */
function askForVotes(state: RaftState, kind: 'pre_vote' | 'vote'): void {
  for (const to of state.membership.voters) {
    if (to === state.options.id) continue;
    const message = state.send(kind, to);
    message.term = kind === 'pre_vote' ? state.term + 1 : state.term;
    message.index = state.log.lastIndex;
    message.logTerm = state.log.lastTerm;
  }
  countVote(state, state.options.id, true);
}

/** A candidate hears from a voter. */
export function countVote(state: RaftState, from: number, isGranted: boolean): void {
  state.votes[from - 1] ??= isGranted;
  switch (voteResult(state.membership.voters.map((node) => state.votes[node - 1]))) {
    case 'won':
      if (state.role === 'pre_candidate') standForElection(state);
      else {
        state.becomeLeader();
        broadcastAppend(state);
      }
      break;
    case 'lost':
      state.becomeFollower(state.term, 0);
      break;
    case 'pending':
      break;
  }
}

/** Whether a candidate of a higher term is to be ignored because there is a leader. */
export function hasFreshLeader(state: RaftState): boolean {
  return state.leader !== 0 && state.nowUs - state.quietSinceUs < state.options.electionUs;
}

/** A voter decides. The message's term is its own, or a higher one that a pre-vote only asks about. */
export function handleVoteRequest(state: RaftState, message: Message): void {
  const isPreVote = message.kind === 'pre_vote';
  const isFree =
    state.vote === message.from ||
    (state.vote === 0 && state.leader === 0) ||
    (isPreVote && message.term > state.term);
  const response = state.send(isPreVote ? 'pre_vote_response' : 'vote_response', message.from);
  if (isFree && state.log.isUpToDate(message.index, message.logTerm)) {
    response.term = message.term;
    if (!isPreVote) {
      state.resetElectionTimer();
      state.vote = message.from;
    }
  } else response.reject = true;
}

/** A leader counts the followers that have answered since its last count, and steps down when they are no quorum. */
export function checkQuorum(state: RaftState): void {
  state.resetElectionTimer();
  const { voters, members } = state.membership;
  let active = 0;
  for (const node of members) {
    const progress = state.progress[node - 1]!;
    const isHere = node === state.options.id || progress.isActive;
    if (isHere && state.membership.isVoter(node)) active++;
    if (node !== state.options.id) progress.isActive = false;
  }
  if (active < quorumOf(voters.length)) state.becomeFollower(state.term, 0);
}
