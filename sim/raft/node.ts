/**
 * One Raft node as a synchronous state machine, after etcd-io/raft's RawNode: inputs are `step`, `tick`, `propose`, `read`
 * and `persisted`; output is one `Ready` that says what to write, send and apply. It holds no clock, socket or disk, so
 * the caller decides about time, loss and crashes.
 */
import { campaign, checkQuorum, countVote, handleVoteRequest, hasFreshLeader } from './election.ts';
import { broadcastHeartbeat, handleHeartbeat } from './heartbeat.ts';
import { MembershipChange } from './membership.ts';
import { noEntries, type Entry, type HardState, type Message, type MessageKind } from './message.ts';
import { RaftPanic } from './panic.ts';
import { acknowledgeRound, handleReadIndex, requestRead } from './reading.ts';
import {
  appendOwnEntry,
  applyChange,
  handleAppend,
  handleAppendResponse,
  handleOwnStable,
  handleSnapshot,
  resumeAfterHeartbeat,
} from './replication.ts';
import { RaftState, type RaftOptions, type ReadState } from './state.ts';

/** What the caller has to do now, in this order: write and sync, send, apply, then `persisted`. */
export interface Ready {
  /** Null when unchanged. */
  hardState: HardState | null;
  /** Entries to write; they replace what the disk has from the first one's index on. */
  entries: readonly Entry[];
  /** Whether `hardState` and `entries` must be on disk before `messages` may go out. */
  mustSync: boolean;
  /** May go out before the write: a leader's appends and heartbeats (Raft thesis, section 10.2.1). */
  earlyMessages: readonly Message[];
  /** May go out only after the write: they promise something. */
  messages: readonly Message[];
  readStates: readonly ReadState[];
}

export class RaftNode {
  readonly state: RaftState;
  #writtenTerm = 0;
  #writtenVote = 0;

  /** @param disk what survived the last crash; absent for a new node. */
  constructor(options: RaftOptions, disk?: { hardState: HardState; entries: readonly Entry[] }) {
    this.state = new RaftState(options);
    if (disk === undefined) return;
    this.state.term = disk.hardState.term;
    this.state.vote = disk.hardState.vote;
    this.state.log.restore(disk.entries, disk.hardState.commit);
    this.#writtenTerm = this.state.term;
    this.#writtenVote = this.state.vote;
  }

  /** When `tick` has something to do, on the caller's clock. */
  get dueUs(): number {
    return Math.min(this.state.electionDueUs, this.state.heartbeatDueUs);
  }

  /** The time is now `nowUs`. */
  tick(nowUs: number): void {
    const { state } = this;
    state.nowUs = nowUs;
    if (nowUs >= state.electionDueUs) {
      if (state.role === 'leader') checkQuorum(state);
      else campaign(state);
    }
    if (state.role === 'leader' && nowUs >= state.heartbeatDueUs) {
      state.heartbeatDueUs = nowUs + state.options.heartbeatUs;
      broadcastHeartbeat(state);
    }
  }

  /**
   * Appends a payload, or passes it on to the leader.
   * @returns false when it was dropped: no leader is known. A change of membership is also dropped by a node that is not the
   *   leader, and while another change is under way.
   */
  propose(nowUs: number, payload: unknown): boolean {
    const { state } = this;
    state.nowUs = nowUs;
    if (state.role === 'leader') {
      if (payload instanceof MembershipChange) {
        if (state.changeUpTo > state.log.applied) return false;
        state.changeUpTo = state.log.lastIndex + 1;
      }
      appendOwnEntry(state, payload);
      return true;
    }
    if (state.leader === 0 || payload instanceof MembershipChange) return false;
    const message = state.send('propose', state.leader);
    message.term = 0;
    message.entries = [{ term: 0, index: 0, payload }];
    return true;
  }

  /** Asks for a linearizable read; a ReadState with `context` follows, unless the question or its answer is lost. */
  read(nowUs: number, context: number): boolean {
    this.state.nowUs = nowUs;
    return requestRead(this.state, context);
  }

  /** A message has arrived. */
  step(nowUs: number, message: Message): void {
    const { state } = this;
    state.nowUs = nowUs;
    if (state.membership.isRemoved(message.from)) return;
    if (message.term === 0) {
      this.#stepForwarded(message);
      return;
    }
    if (message.term > state.term && !this.#meetHigherTerm(message)) return;
    if (message.term < state.term) {
      this.#answerLowerTerm(message);
      return;
    }
    this.#stepPresentTerm(message);
  }

  /** The write of a Ready is on disk: up to `index`, whose entry had `term`. */
  persisted(nowUs: number, index: number, term: number): void {
    this.state.nowUs = nowUs;
    this.state.log.stableTo(index, term);
    if (this.state.role === 'leader') handleOwnStable(this.state);
  }

  /** The next committed entry that may be applied: it is on disk here, and no snapshot must be taken first. Null: none. */
  nextToApply(): Entry | null {
    const { log, snapshotUpTo } = this.state;
    if (log.applied >= log.committed || log.applied >= log.stable || snapshotUpTo > 0) return null;
    log.applied++;
    return this.#noteApplied(log.entryAt(log.applied));
  }

  /** A snapshot that is on disk here, as the entries that lead from the applied state to it. Null: none. */
  takeSnapshot(): readonly Entry[] | null {
    const { state } = this;
    const { log, snapshotUpTo } = state;
    if (snapshotUpTo === 0 || log.stable < snapshotUpTo) return null;
    const entries = log.slice(log.applied + 1, snapshotUpTo);
    for (const entry of entries) this.#noteApplied(entry);
    state.snapshotUpTo = 0;
    if (!state.options.bugs.snapshotOmitsApplied) log.applied = snapshotUpTo;
    return entries;
  }

  /** Takes the work that is to be done; null when there is none. */
  takeReady(): Ready | null {
    const { state } = this;
    const { log } = state;
    const isStateNew = state.term !== this.#writtenTerm || state.vote !== this.#writtenVote;
    const hasEntries = log.handedOver < log.lastIndex;
    if (!isStateNew && !hasEntries && state.outbox.length === 0 && state.readStates.length === 0) return null;
    const mustSync = isStateNew || hasEntries;
    const entries = hasEntries ? log.slice(log.handedOver + 1, log.lastIndex) : noEntries;
    log.handedOver = log.lastIndex;
    this.#writtenTerm = state.term;
    this.#writtenVote = state.vote;
    const hardState = mustSync ? { term: state.term, vote: state.vote, commit: log.committed } : null;
    const { readStates } = state;
    if (readStates.length > 0) state.readStates = [];
    const { outbox } = state;
    let [earlyMessages, messages] = [outbox, noMessages];
    if (outbox.length > 0) {
      state.outbox = [];
      if (mustSync) {
        earlyMessages = outbox.filter(mayGoEarly);
        messages = outbox.filter((message) => !mayGoEarly(message));
      }
    }
    return { hardState, entries, mustSync, readStates, earlyMessages, messages };
  }

  #noteApplied(entry: Entry): Entry {
    if (entry.payload instanceof MembershipChange) applyChange(this.state, entry.payload);
    return entry;
  }

  #stepForwarded(message: Message): void {
    const { state } = this;
    if (message.kind === 'propose') {
      if (state.role !== 'leader') return;
      for (const entry of message.entries) appendOwnEntry(state, entry.payload);
    } else handleReadIndex(state, message);
  }

  /** @returns false when the message is to be ignored. */
  #meetHigherTerm(message: Message): boolean {
    const { state } = this;
    const isRequest = message.kind === 'vote' || message.kind === 'pre_vote';
    if (isRequest && hasFreshLeader(state)) return false;
    if (message.kind === 'pre_vote') return true;
    // A granted pre-vote bears a term that no node is in yet.
    if (message.kind === 'pre_vote_response' && !message.reject) return true;
    const isFromLeader = leadersKinds.has(message.kind);
    state.becomeFollower(message.term, isFromLeader ? message.from : 0);
    return true;
  }

  /** Tells a leader or a candidate of an earlier term about the present one; ignores every other message of an earlier term. */
  #answerLowerTerm(message: Message): void {
    const { state } = this;
    if (leadersKinds.has(message.kind)) state.send('append_response', message.from);
    else if (message.kind === 'pre_vote') state.send('pre_vote_response', message.from).reject = true;
  }

  #stepPresentTerm(message: Message): void {
    const { state } = this;
    switch (message.kind) {
      case 'vote':
      case 'pre_vote':
        handleVoteRequest(state, message);
        break;
      case 'vote_response':
        if (state.role === 'candidate') countVote(state, message.from, !message.reject);
        break;
      case 'pre_vote_response':
        if (state.role === 'pre_candidate') countVote(state, message.from, !message.reject);
        break;
      case 'append':
        this.#followLeader(message.from);
        handleAppend(state, message);
        break;
      case 'snapshot':
        this.#followLeader(message.from);
        handleSnapshot(state, message);
        break;
      case 'heartbeat':
        this.#followLeader(message.from);
        handleHeartbeat(state, message);
        break;
      case 'append_response':
        if (state.role === 'leader') handleAppendResponse(state, message);
        break;
      case 'heartbeat_response':
        if (state.role !== 'leader') break;
        resumeAfterHeartbeat(state, message.from);
        acknowledgeRound(state, message);
        break;
      case 'read_index_response':
        state.readStates.push({ context: message.context, index: message.index });
        break;
      case 'propose':
      case 'read_index':
        break;
    }
  }

  #followLeader(leader: number): void {
    const { state } = this;
    if (state.role === 'leader') throw new RaftPanic(`two leaders in term ${state.term}`);
    if (state.role !== 'follower') state.becomeFollower(state.term, leader);
    state.leader = leader;
    state.resetElectionTimer();
  }
}

const noMessages: Message[] = [];

/** Messages that only a leader sends, and that promise nothing. */
const leadersKinds: ReadonlySet<MessageKind> = new Set(['append', 'snapshot', 'heartbeat']);

function mayGoEarly(message: Message): boolean {
  return leadersKinds.has(message.kind);
}
