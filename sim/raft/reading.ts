/**
 * Linearizable reads without a log entry (Raft, section 6.4): the leader notes its commit index, proves by a round of
 * heartbeats that it is still the leader, and only then tells the reader up to which index it must have applied. A leader that
 * has not yet committed an entry of its own term does not know the commit index: its reads wait for that.
 */
import type { Message } from './message.ts';
import { broadcastHeartbeat } from './heartbeat.ts';
import type { RaftState } from './state.ts';

/** Asks for a read. @returns false when no leader is known: nothing was asked. */
export function requestRead(state: RaftState, context: number): boolean {
  if (state.role === 'leader') {
    startRead(state, state.options.id, context);
    return true;
  }
  if (state.leader === 0) return false;
  const message = state.send('read_index', state.leader);
  message.term = 0;
  message.context = context;
  return true;
}

/** A follower asks the leader. A node that is not the leader any more drops the question. */
export function handleReadIndex(state: RaftState, message: Message): void {
  if (state.role === 'leader') startRead(state, message.from, message.context);
}

/** The members ask again every half second: a read that came too early for a new leader is not kept. */
function startRead(state: RaftState, from: number, context: number): void {
  const { log, options, membership } = state;
  if (options.bugs.readWithoutReadIndex) {
    grantRead(state, { from, context, index: log.committed });
    return;
  }
  if (log.termAt(log.committed) !== state.term) return;
  const read = { index: log.committed, from, context };
  if (membership.voters.length === 1) {
    grantRead(state, read);
    return;
  }
  state.reads.open({ ...read, leader: options.id });
  broadcastHeartbeat(state);
}

/** A follower has answered a round of heartbeats. */
export function acknowledgeRound(state: RaftState, message: Message): void {
  if (message.context === 0) return;
  for (const read of state.reads.acknowledge(message.context, message.from, state.membership.voters)) {
    grantRead(state, read);
  }
}

function grantRead(state: RaftState, read: { from: number; context: number; index: number }): void {
  if (read.from === state.options.id) {
    state.readStates.push({ context: read.context, index: read.index });
    return;
  }
  const response = state.send('read_index_response', read.from);
  response.context = read.context;
  response.index = read.index;
}
