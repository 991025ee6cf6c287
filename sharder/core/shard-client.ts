/** What the core needs of one shard's etcd: implemented by `sharder/etcd/client`. */
import type { EtcdReply, EtcdRequest, StatusReply, WatchRequest } from './etcd-messages.ts';
import type { Cancel, EtcdErrorCode, LostCause, WatchSink } from './ports.ts';

/**
 * How one call ended, after all retries that are safe.
 * - `refused`: etcd answered that it did not apply it. - `not_applied`: it provably never reached etcd.
 * - `unknown`: a write that may have been applied, or a read that got no answer.
 * - `reply_too_large`: a read whose reply is over the transport's bound; ask for less. A write with such a reply is `unknown`,
 *   with that cause.
 */
export type CallOutcome =
  | { kind: 'reply'; reply: EtcdReply }
  | { kind: 'refused'; code: EtcdErrorCode; message: string }
  | { kind: 'not_applied'; message: string }
  | { kind: 'unknown'; message: string; cause?: LostCause | undefined }
  | { kind: 'reply_too_large' };

export interface CallOptions {
  readonly readOnly: boolean;
  /** Milliseconds from now. */
  readonly deadlineMs: number;
  /** An attempt that takes longer than so many milliseconds is stuck; absent: `Limits.stuckMs`. */
  readonly stuckAfterMs?: number;
  /**
   * An attempt is stuck and another member serves meanwhile: later requests go there. A stuck read is sent there as well; a
   * stuck write goes on to wait for its answer.
   */
  readonly onStuck?: () => void;
}

export interface ShardClient {
  /**
   * One request to the shard, leader preferred. A read is repeated at other members until the deadline; a write is
   * repeated only while it provably has not left this process. Never rejects.
   */
  execute(request: EtcdRequest, options: CallOptions): Promise<CallOutcome>;
  /**
   * Opens a watch at the member that is preferred now. Never reconnects; after an end that was a loss another member is
   * preferred for the next one.
   */
  watch(request: WatchRequest, sink: WatchSink): Cancel;
  /** The statuses of the shard's members that answer soon. */
  readStatuses(): Promise<readonly StatusReply[]>;
  /** The member that was asked last has gone silent where it should not have: another one is preferred from now on. */
  avoidPreferred(): void;
  /** The member of this id has answered, but is not of this shard: its address is not preferred where there are others. */
  distrust(memberId: string): void;
  /** Replaces the known endpoints; calls under way go on. */
  setEndpoints(endpoints: readonly string[]): void;
  close(): void;
}
