/**
 * What the view server asks of the provider of its cluster: it adds and removes whole shards, scales sharders, and reads
 * the metrics of all processes. The local provider implements it; inside Kubernetes it is implemented over Kubernetes' API.
 */
import type { ViewShard } from '../../sharder/core/view.ts';

export interface FleetOptions {
  /** Ends the action early; the next call finds and completes what the action had made. */
  signal: AbortSignal;
  /** One sentence for each thing that is done. */
  report(step: string): void;
}

export interface MemberMetrics {
  shard: number;
  /** Name of the member, that of its pod. */
  name: string;
  /** "http://…/metrics", etcd's own. */
  url: string;
}

export interface ShardFleet {
  /** The shards that exist, by id, whether or not the view knows them. Endpoints are those that sharders use. */
  listShards(): Promise<ViewShard[]>;
  /**
   * Makes a whole etcd cluster and resolves when it has a leader and has committed. Completes what exists already instead
   * of making it again. Writes no records.
   * @throws ClusterError
   */
  createShard(id: number, options: FleetOptions): Promise<ViewShard>;
  /**
   * Notes that a shard of the first records has been formed, before its fence is written. Left out where `up` does so.
   * @param isNew whether it has no fence yet.
   * @throws ClusterError while it is not whole.
   */
  noteFormed?(shard: ViewShard, isNew: boolean): Promise<void>;
  /** Stops the shard's members and deletes them with their data; does nothing where there is no such shard. */
  deleteShard(id: number, options: FleetOptions): Promise<void>;
  sharderCount(): Promise<number>;
  /** Resolves when that many sharders are ready. */
  setSharderCount(count: number, options: FleetOptions): Promise<void>;
  /** Where each sharder's own metrics are: "http://…/metrics". */
  sharderMetrics(): Promise<string[]>;
  memberMetrics(): Promise<MemberMetrics[]>;
}
