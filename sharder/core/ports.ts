/**
 * The seam between production and simulation. Everything above these ports is the same code in both worlds; production
 * implements them with timers and gRPC, the simulator with virtual time and simulated members.
 */
import type { EtcdEvent, EtcdReply, EtcdRequest, WatchRequest } from './etcd-messages.ts';
import type { Revision } from './numbers.ts';

/** Ends what it was returned for. Calling it a second time, or after the thing has ended, does nothing. */
export type Cancel = () => void;

export interface Clock {
  /** Milliseconds on a clock that never goes back; its zero has no meaning. */
  nowMs(): number;
  /** Runs the callback once, `delayMs` from now at the earliest. A delay of 0 means: after what is already pending. */
  schedule(delayMs: number, callback: () => void): Cancel;
}

export interface Random {
  /** A uniform integer in [0, 2^32). */
  nextUint32(): number;
}

/**
 * What became of one call to one etcd member.
 * - `reply`: the member answered.
 * - `refused`: the member answered that it did not apply the request (a definite error, see `EtcdErrorCode`).
 * - `not_sent`: the request provably never left this process (no connection).
 * - `lost`: the request left and no usable answer came: it may or may not have been applied, now or later.
 */
export type RpcResult =
  | { kind: 'reply'; reply: EtcdReply }
  | { kind: 'refused'; code: EtcdErrorCode; message: string }
  | { kind: 'not_sent'; message: string }
  | { kind: 'lost'; cause?: LostCause; message: string };

/**
 * Why no usable answer came; absent: the connection broke or the member gave up. `no_space`: the shard has reached its quota,
 * and etcd may have applied the write all the same.
 */
export type LostCause = 'deadline' | 'reply_too_large' | 'no_space';

/**
 * Errors of etcd that prove that the request was not applied. Names follow etcd's rpctypes (api/v3rpc/rpctypes).
 * `unfit_member`: this member alone cannot serve, because it is not ready or a learner; another one may.
 * `corrupt`: the members' data differ, and the shard takes no writes (alarm CORRUPT).
 * `other_definite` is an InvalidArgument, FailedPrecondition, NotFound or OutOfRange that has no name here.
 */
export type EtcdErrorCode =
  | 'compacted'
  | 'future_revision'
  | 'duplicate_key'
  | 'too_many_operations'
  | 'empty_key'
  | 'request_too_large'
  | 'too_many_requests'
  | 'lease_not_found'
  | 'lease_exists'
  | 'lease_ttl_too_large'
  | 'key_not_found'
  | 'unfit_member'
  | 'corrupt'
  | 'other_definite';

/** Why a watch ended. `compacted`: events before `compactRevision` are gone; `lost`: the stream broke. */
export type WatchEnd = { kind: 'compacted'; compactRevision: Revision } | { kind: 'lost'; message: string };

export interface WatchSink {
  /**
   * The member of this id accepted the watch; events from `startRevision` on (when it was 0: from `revision` + 1 at the latest;
   * etcd 3.5 and later may send some before it, too) will follow.
   */
  onCreated?(revision: Revision, memberId: string): void;
  /**
   * Events in revision order; all events of one revision arrive in one call. `revision` is the header's: everything up
   * to it has been delivered. An empty list is a progress notification.
   */
  onEvents(events: readonly EtcdEvent[], revision: Revision): void;
  /** The watch is over; nothing follows. Not called after the watch's own `Cancel`. */
  onEnd(end: WatchEnd): void;
}

export interface EtcdRpc {
  /**
   * One unary call to the member at `endpoint` ("host:port"). Sends at most once, never retries and never rejects.
   * @param options.deadlineMs milliseconds from now after which the result is `lost` (or `not_sent` if still unsent).
   */
  call(endpoint: string, request: EtcdRequest, options: { deadlineMs: number }): Promise<RpcResult>;
  /** Opens a watch on the member at `endpoint`. Never reconnects by itself. */
  watch(endpoint: string, request: WatchRequest, sink: WatchSink): Cancel;
}

/**
 * Where a part of the program reports its events. Each folder has a union of the events that it emits, with dotted names; a
 * field is a number, a string, a boolean or null. A trace that takes more events may take the place of one that takes fewer.
 */
export interface Trace<Event> {
  // A property, not a method: the compiler compares the parameters of methods in both directions.
  readonly emit: (event: Event) => void;
}
