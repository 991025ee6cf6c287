/** The events that a client of a shard's members emits to its trace. */
import type { ShardId } from '../../core/numbers.ts';

export type EtcdClientEvent =
  | FailedAttempt
  /** The client has found the leader. */
  | { name: 'leader.preferred'; shard: ShardId; endpoint: string };

/** A call to one member had no answer, never left, or was answered by a member that cannot serve. */
export interface FailedAttempt {
  name: 'etcd.lost' | 'etcd.not_sent' | 'etcd.refused';
  shard: ShardId;
  endpoint: string;
  message: string;
}
