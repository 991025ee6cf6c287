/** The bounds of the data plane, each with its reason. One object, so that tests and the simulator can tighten them. */

export interface Limits {
  /** A user's key, in UTF-8 bytes: keys stay far below etcd's request limit and make cheap labels in a history. */
  keyBytesMax: number;
  /** A value: one put of it, with its key and fence, fits in etcd's default request limit of 1.5 MiB. */
  valueBytesMax: number;
  /** Operations in one transaction; etcd refuses more than its --max-txn-ops (128), comparisons of nested ones included. */
  batchOperationsMax: number;
  /** Bytes of keys and values in one transaction: below etcd's default --max-request-bytes of 1.5 MiB with its framing. */
  batchBytesMax: number;
  /** Large values are sent in transactions that take about so long, ... */
  batchMsTarget: number;
  /** ... but in none smaller than this: each has costs of its own. */
  batchBytesMin: number;
  /** Bytes that the reply to one transaction should have at most: 100 reads of 1 MiB must not be one reply. */
  replyBytesTarget: number;
  /** An operation is taken when it should end within so long, by the rate at which its shard works; else 429 at once. */
  admittedMsMax: number;
  /**
   * While a lane refuses newcomers, it also refuses, unsent, an operation that would end later than this after it was taken.
   */
  answerMsMax: number;
  /** Operations that wait in one lane; past it 429, whatever the shard's rate. */
  laneOperationsMax: number;
  /** Bytes of values that wait in one lane; past it 429. Keeps a sharder of many shards within its memory. */
  laneBytesMax: number;
  /** Operations held by one sharder because no shard owns their slot for the moment; past it 503. */
  heldOperationsMax: number;
  /** An operation ends within this time: ok, failed, or unknown. */
  operationTimeoutMs: number;
  /** One attempt of a read at one member; past it another member is asked. */
  readAttemptMs: number;
  /**
   * One attempt of a write; past it its outcome is unknown. Above etcd's default election timeout, of 1 to 2 s: an attempt
   * that waits for a former leader is ended as soon as its successor is known.
   */
  writeAttemptMs: number;
  /**
   * An attempt that takes longer than this, and than eight times the usual time, is stuck: operations that do not depend on it
   * go to another member that serves meanwhile.
   */
  stuckMs: number;
  /** An attempt that takes longer is overdue: the members are asked whether it still waits at the right one. */
  overdueMs: number;
  /** How long an operation waits for an owner of its slot; past it 503. Longer than a hand-over of slots takes. */
  heldMsMax: number;
  /** The pause before the owner of a slot without one is asked for again; the pauses grow from this ... */
  heldPollMs: number;
  /** ... to this one. */
  heldPollMsMax: number;
  /** Least time between two reads of the view for slots that no shard owns. */
  viewRefreshIntervalMs: number;
  /** The other shards' copies of the view are read when the home shard has not answered within this time ... */
  viewHomeMs: number;
  /** ... and have so long to answer. */
  viewMirrorMs: number;
  /** A watch of the view that the home shard has not accepted within this time is opened at another member. */
  viewWatchOpenMs: number;
  /** A watch of the view is opened anew after this time: one that has gone silent is not noticed otherwise. */
  viewWatchRenewMs: number;
  /** Pauses before a watch of the view that broke is opened again grow from `retryPauseMsMax` to this. */
  viewWatchPauseMsMax: number;
  /** One status call when the leader is looked for. */
  statusAttemptMs: number;
  /** Least time between two searches for a shard's leader. */
  leaderSearchIntervalMs: number;
  /** The interval at which the members are asked how full the shard is; 0: never, ... */
  roomPollMs: number;
  /** ... and the least interval, when much is put. */
  roomPollMsMin: number;
  /** Pauses between attempts grow from this ... */
  retryPauseMs: number;
  /** ... to this. */
  retryPauseMsMax: number;
}

export const defaultLimits: Readonly<Limits> = {
  keyBytesMax: 1024,
  valueBytesMax: 1024 * 1024,
  batchOperationsMax: 118,
  batchBytesMax: 1_300_000,
  batchMsTarget: 250,
  batchBytesMin: 256 * 1024,
  replyBytesTarget: 8 * 1024 * 1024,
  admittedMsMax: 800,
  answerMsMax: 900,
  laneOperationsMax: 4096,
  laneBytesMax: 16 * 1024 * 1024,
  heldOperationsMax: 2048,
  operationTimeoutMs: 5000,
  readAttemptMs: 1000,
  writeAttemptMs: 3000,
  stuckMs: 250,
  overdueMs: 500,
  heldMsMax: 2000,
  heldPollMs: 2,
  heldPollMsMax: 25,
  viewRefreshIntervalMs: 20,
  viewHomeMs: 300,
  viewMirrorMs: 2000,
  viewWatchOpenMs: 3000,
  viewWatchRenewMs: 30_000,
  viewWatchPauseMsMax: 5000,
  statusAttemptMs: 500,
  leaderSearchIntervalMs: 250,
  roomPollMs: 5000,
  roomPollMsMin: 100,
  retryPauseMs: 10,
  retryPauseMsMax: 200,
};
