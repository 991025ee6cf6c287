/**
 * A broken promise of Raft itself: two leaders in a term, a committed entry overwritten. Cannot happen unless a negative
 * control is on; etcd panics here.
 */
export class RaftPanic extends Error {
  override name = 'RaftPanic';
}
