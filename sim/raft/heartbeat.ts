/** Heartbeats: they keep a leader in office, tell followers what is committed, and carry the newest round of reads. */
import type { Message } from './message.ts';
import type { RaftState } from './state.ts';

export function broadcastHeartbeat(state: RaftState): void {
  const context = state.reads.newest;
  for (const to of state.membership.members) {
    if (to === state.options.id) continue;
    const message = state.send('heartbeat', to);
    // A follower must not commit an entry that it may not hold.
    message.commit = Math.min(state.progress[to - 1]!.matched, state.log.committed);
    message.context = context;
  }
}

export function handleHeartbeat(state: RaftState, message: Message): void {
  state.log.commitTo(message.commit);
  state.send('heartbeat_response', message.from).context = message.context;
}
