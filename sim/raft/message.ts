/** The messages of Raft and what it keeps on disk, as plain data. Names follow etcd-io/raft's raftpb. */

/** One entry of the log. `payload` is null for the empty entry with which a leader opens its term. */
export interface Entry {
  term: number;
  index: number;
  payload: unknown;
}

/** What must be on disk before it is acted upon. `vote` 0: none. */
export interface HardState {
  term: number;
  vote: number;
  commit: number;
}

export type MessageKind =
  | 'propose'
  | 'append'
  | 'append_response'
  | 'snapshot'
  | 'heartbeat'
  | 'heartbeat_response'
  | 'pre_vote'
  | 'pre_vote_response'
  | 'vote'
  | 'vote_response'
  | 'read_index'
  | 'read_index_response';

/**
 * One shape for all kinds, as in raftpb, so that the code that handles them stays monomorphic. Fields that a kind does not
 * use are 0, false or empty.
 */
export interface Message {
  kind: MessageKind;
  from: number;
  to: number;
  /** 0 for messages that are forwarded to the leader of any term: `propose` and `read_index`. */
  term: number;
  /** Last index before `entries`; or the index voted on, acknowledged, rejected or read. */
  index: number;
  /** Term of the entry at `index`, or at `rejectHint` in a rejection. */
  logTerm: number;
  commit: number;
  /** In a `snapshot`: all entries up to `index`, which stand for the state after them. */
  entries: readonly Entry[];
  reject: boolean;
  /** In a rejected append: where the follower's log may match. */
  rejectHint: number;
  /** Number of a read: of the leader's round in heartbeats, of the follower's own in `read_index`. 0: none. */
  context: number;
}

/** Numbers for the trace hash. */
export const messageKindNumbers: Record<MessageKind, number> = {
  propose: 1,
  append: 2,
  append_response: 3,
  heartbeat: 4,
  heartbeat_response: 5,
  pre_vote: 6,
  pre_vote_response: 7,
  vote: 8,
  vote_response: 9,
  read_index: 10,
  read_index_response: 11,
  snapshot: 12,
};

export const noEntries: readonly Entry[] = [];
