/**
 * How a leader brings its followers to its own log, and commits what a quorum holds. Appends are sent ahead while the logs
 * agree; a rejection carries a hint that skips a whole run of conflicting terms; a heartbeat's answer restarts the appends to
 * a follower that fell silent. Only entries of the leader's own term are committed by counting (Raft, section 5.4.2).
 */
import type { MembershipChange } from './membership.ts';
import type { Message } from './message.ts';
import { committedIndex } from './quorum.ts';
import { newProgress, type Progress, type RaftState } from './state.ts';

/** Entries in one append: a follower that was away catches up in steps of this size. */
const entriesPerAppendMax = 256;
/** Entries sent ahead of a follower's answers. */
const entriesAheadMax = 4_096;

/** Adds an entry and sends it; commits at once when this node is alone and the entry stable. */
export function appendOwnEntry(state: RaftState, payload: unknown): void {
  state.log.push(state.term, payload);
  broadcastAppend(state);
}

export function broadcastAppend(state: RaftState): void {
  for (const to of state.membership.members) {
    if (to !== state.options.id) sendAppend(state, to, true);
  }
}

/** @param ifEmpty whether to send the commit index even when there is no entry to send. */
function sendAppend(state: RaftState, to: number, ifEmpty: boolean): boolean {
  const { log } = state;
  const progress = state.progress[to - 1]!;
  if (progress.mode === 'probe' && progress.isProbeSent) return false;
  if (progress.next <= log.applied - state.options.keptEntries) return sendSnapshot(state, to, progress);
  const isFull = progress.next - progress.matched > entriesAheadMax;
  const last = isFull ? progress.next - 1 : Math.min(log.lastIndex, progress.next + entriesPerAppendMax - 1);
  const isEmpty = last < progress.next;
  if (isEmpty && !ifEmpty) return false;
  const message = state.send('append', to);
  message.index = progress.next - 1;
  message.logTerm = log.termAt(message.index);
  message.commit = log.committed;
  if (!isEmpty) message.entries = log.slice(progress.next, last);
  if (progress.mode === 'replicate') progress.next = last + 1;
  else progress.isProbeSent = true;
  return true;
}

/** The leader no longer keeps the entries that the follower misses; it sends the applied state, one snapshot at a time. */
function sendSnapshot(state: RaftState, to: number, progress: Progress): boolean {
  const { log } = state;
  if (!progress.isActive) return false;
  const message = state.send('snapshot', to);
  message.index = log.applied;
  message.logTerm = log.termAt(log.applied);
  message.commit = log.applied;
  message.entries = log.slice(1, log.applied);
  progress.mode = 'probe';
  progress.isProbeSent = true;
  return true;
}

/** A follower takes a state in the place of entries, unless it has these; it acknowledges the state once it is on disk. */
export function handleSnapshot(state: RaftState, { from, index, logTerm, entries }: Message): void {
  const { log } = state;
  const isKnown = index <= log.committed || log.termAt(index) === logTerm;
  if (!isKnown) {
    log.append(0, 0, entries);
    state.snapshotUpTo = index;
  }
  log.commitTo(index);
  state.send('append_response', from).index = Math.max(index, log.committed);
}

/** A follower takes entries. */
export function handleAppend(state: RaftState, message: Message): void {
  const { log } = state;
  if (message.index < log.committed) {
    // An old duplicate: all committed entries are known to agree.
    state.send('append_response', message.from).index = log.committed;
    return;
  }
  const last = log.append(message.index, message.logTerm, message.entries);
  const response = state.send('append_response', message.from);
  if (last >= 0) {
    log.commitTo(Math.min(message.commit, last));
    response.index = last;
    return;
  }
  response.index = message.index;
  response.reject = true;
  response.rejectHint = log.findConflict(message.index, message.logTerm);
  response.logTerm = log.termAt(response.rejectHint);
}

/** A leader hears how far a follower is. */
export function handleAppendResponse(state: RaftState, message: Message): void {
  const progress = state.progress[message.from - 1];
  if (progress === undefined) return;
  progress.isActive = true;
  if (message.reject) {
    if (stepBack(state, progress, message)) sendAppend(state, message.from, true);
    return;
  }
  progress.isProbeSent = false;
  const isNews = message.index > progress.matched;
  if (isNews) progress.matched = message.index;
  if (progress.next <= progress.matched) progress.next = progress.matched + 1;
  if (!isNews) return;
  progress.mode = 'replicate';
  if (maybeCommit(state)) broadcastAppend(state);
  while (sendAppend(state, message.from, false));
}

/** Moves `next` back after a rejection. @returns false when the rejection is old news. */
function stepBack(state: RaftState, progress: Progress, message: Message): boolean {
  const isStale =
    progress.mode === 'replicate' ? message.index <= progress.matched : message.index !== progress.next - 1;
  if (isStale) return false;
  const hint = state.log.findConflict(message.rejectHint, message.logTerm);
  progress.next =
    progress.mode === 'replicate'
      ? progress.matched + 1
      : Math.max(progress.matched + 1, Math.min(message.index, hint + 1));
  progress.mode = 'probe';
  progress.isProbeSent = false;
  return true;
}

/** A follower has answered a heartbeat: it is there, and the leader sends the missing entries again. */
export function resumeAfterHeartbeat(state: RaftState, from: number): void {
  const progress = state.progress[from - 1];
  if (progress === undefined) return;
  progress.isActive = true;
  progress.isProbeSent = false;
  if (progress.matched < state.log.lastIndex) sendAppend(state, from, true);
}

/** The disk of the leader itself is one of the quorum. */
export function handleOwnStable(state: RaftState): void {
  const own = state.progress[state.options.id - 1];
  if (own === undefined || state.log.stable <= own.matched) return;
  own.matched = state.log.stable;
  if (maybeCommit(state)) broadcastAppend(state);
}

/** The entry has been applied: from here on the new members get the log, and the new voters make a quorum. */
export function applyChange(state: RaftState, change: MembershipChange): void {
  const { node } = change;
  if (!state.membership.apply(change) || state.role !== 'leader') return;
  if (change.kind === 'remove') state.progress[node - 1] = undefined;
  else state.progress[node - 1] ??= newProgress(state.log.lastIndex);
  if (maybeCommit(state)) broadcastAppend(state);
  else if (change.kind === 'add_learner') sendAppend(state, node, true);
}

function matchedOf({ progress, options, membership }: RaftState, node: number): number {
  const { matched } = progress[node - 1]!;
  if (!options.bugs.learnersCount || node === options.id) return matched;
  return Math.max(matched, ...membership.learners.map((learner) => progress[learner - 1]!.matched));
}

function maybeCommit(state: RaftState): boolean {
  const index = committedIndex(state.membership.voters.map((node) => matchedOf(state, node)));
  return state.log.termAt(index) === state.term && state.log.commitTo(index);
}
