/**
 * Everything one Raft node knows, and the changes of role. No clock, no socket, no disk: the caller passes `nowUs`, and
 * messages to send gather in `outbox`. Roles and rules as in etcd-io/raft.
 */
import type { RandomStream } from '../kernel/random-stream.ts';
import { RaftLog } from './log.ts';
import { Membership } from './membership.ts';
import { noEntries, type Entry, type Message, type MessageKind } from './message.ts';
import { ReadRounds } from './read-rounds.ts';

export type Role = 'follower' | 'pre_candidate' | 'candidate' | 'leader';

export interface RaftOptions {
  /** Number of this node, from 1. */
  id: number;
  /** Number of first voters: nodes 1 to `voters`. */
  voters: 1 | 3 | 5;
  heartbeatUs: number;
  /** An election starts after this long without a leader, and up to as long again. */
  electionUs: number;
  preVote: boolean;
  /** Applied entries that a leader keeps for followers that lag; one that lags by more gets a snapshot. Infinity: all. */
  keptEntries: number;
  bugs: RaftBugs;
  random: RandomStream;
}

/** Negative controls. */
export interface RaftBugs {
  /** A leader answers reads without asking a quorum whether it still leads. */
  readWithoutReadIndex: boolean;
  /**
   * A round of reads has the number of the member that asks, and the same one when it asks again: earlier confirmations count
   * again, and release all reads that came before (etcd's issue 20418).
   */
  readsByCallersNumber: boolean;
  /** The entries that a learner holds count towards commit. */
  learnersCount: boolean;
  /** A member that has taken a snapshot does not note the index up to which it has applied, and applies the same entries again. */
  snapshotOmitsApplied: boolean;
}

/** How far a follower is, as its leader knows. */
export interface Progress {
  /** The last index the follower is known to hold. */
  matched: number;
  /** The next index to send. */
  next: number;
  /** `probe`: one append at a time until the logs agree; `replicate`: send ahead. */
  mode: 'probe' | 'replicate';
  /** In `probe`: an append is on its way. The next heartbeat's answer sets it free, in case it was lost. */
  isProbeSent: boolean;
  /** Has answered since the leader last counted its followers. */
  isActive: boolean;
}

/** A read may be served once this node has applied `index`. `context` is the number under which it was asked. */
export interface ReadState {
  context: number;
  index: number;
}

export function newProgress(lastIndex: number): Progress {
  return { matched: 0, next: lastIndex + 1, mode: 'probe', isProbeSent: false, isActive: true };
}

export class RaftState {
  readonly options: RaftOptions;
  readonly log = new RaftLog();
  readonly reads: ReadRounds;
  /** The membership after the applied entries. */
  readonly membership: Membership;
  /** Of a leader: a change of membership may stand in the log up to here; only one is under way at a time. */
  changeUpTo = 0;
  /** Of a follower: the state up to here comes as a snapshot, which is not on disk yet. 0: none. */
  snapshotUpTo = 0;
  term = 0;
  /** Number of the node voted for in this term; 0: none. */
  vote = 0;
  role: Role = 'follower';
  /** Number of the leader of this term; 0: unknown. */
  leader = 0;
  /** By node number - 1. */
  votes: (boolean | undefined)[] = [];
  /** Of a leader, by node number - 1; absent where no node has the number. */
  progress: (Progress | undefined)[] = [];
  /** Messages to send, in order. */
  outbox: Message[] = [];
  readStates: ReadState[] = [];
  nowUs = 0;
  /** Since when there has been no sign of a leader; for a leader: since it last counted its followers. */
  quietSinceUs = 0;
  /** When to campaign; for a leader: when to count its followers. */
  electionDueUs = 0;
  heartbeatDueUs = Infinity;
  /** How long this node waits for a leader; drawn anew for each attempt, so that candidates do not collide for ever. */
  #patienceUs = 0;

  constructor(options: RaftOptions) {
    this.options = options;
    this.reads = new ReadRounds(options.bugs.readsByCallersNumber);
    this.membership = new Membership(options.voters);
    this.drawPatience();
  }

  /** A message with everything but its kind and destination empty, of the present term. */
  send(kind: MessageKind, to: number): Message {
    const message: Message = {
      kind,
      from: this.options.id,
      to,
      term: this.term,
      index: 0,
      logTerm: 0,
      commit: 0,
      entries: noEntries,
      reject: false,
      rejectHint: 0,
      context: 0,
    };
    this.outbox.push(message);
    return message;
  }

  becomeFollower(term: number, leader: number): void {
    this.#reset(term);
    this.role = 'follower';
    this.leader = leader;
  }

  /** Asks for pre-votes without raising the term: a node that was cut off does not disturb those that were not. */
  becomePreCandidate(): void {
    this.role = 'pre_candidate';
    this.leader = 0;
    this.votes = [];
  }

  becomeCandidate(): void {
    this.#reset(this.term + 1);
    this.role = 'candidate';
    this.vote = this.options.id;
  }

  /** Opens the term with an empty entry: only entries of the own term commit by counting. */
  becomeLeader(): Entry {
    this.#reset(this.term);
    this.role = 'leader';
    this.leader = this.options.id;
    const { lastIndex } = this.log;
    this.changeUpTo = lastIndex;
    for (const node of this.membership.members) this.progress[node - 1] = newProgress(lastIndex);
    const own = (this.progress[this.options.id - 1] ??= newProgress(lastIndex));
    own.mode = 'replicate';
    // Only entries on disk count as held, here as at every follower.
    own.matched = this.log.stable;
    this.resetElectionTimer();
    this.heartbeatDueUs = this.nowUs + this.options.heartbeatUs;
    return this.log.push(this.term, null);
  }

  drawPatience(): void {
    const { electionUs, random } = this.options;
    this.#patienceUs = electionUs + random.nextBelow(electionUs);
    this.resetElectionTimer();
  }

  resetElectionTimer(): void {
    this.quietSinceUs = this.nowUs;
    this.electionDueUs = this.nowUs + (this.role === 'leader' ? this.options.electionUs : this.#patienceUs);
  }

  #reset(term: number): void {
    if (term !== this.term) {
      this.term = term;
      this.vote = 0;
    }
    this.leader = 0;
    this.votes = [];
    this.progress = [];
    this.heartbeatDueUs = Infinity;
    this.reads.clear();
    this.role = 'follower';
    this.drawPatience();
  }
}
