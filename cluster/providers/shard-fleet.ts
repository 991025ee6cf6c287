/**
 * What the view server asks of the place where its cluster runs: whole shards come and go, sharders are scaled, and
 * everybody's metrics can be read. Implemented by the local provider and, inside Kubernetes, over its API.
 */
import type { ViewShard } from '../../sharder/core/view.ts';

export interface FleetOptions {
  /** Ends the action early; what it had made is found and completed by the next call. */
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
   * Makes a whole etcd cluster and resolves when it has a leader and has committed. What is already there is completed,
   * not made again. Writes no records.
   * @throws ClusterError
   */
  createShard(id: number, options: FleetOptions): Promise<ViewShard>;
  /**
   * Notes that a shard of the first records has been formed, before its fence is written. Left out where `up` does so.
   * @param isNew whether it has no fence yet.
   * @throws ClusterError while it is not whole.
   */
  noteFormed?(shard: ViewShard, isNew: boolean): Promise<void>;
  /** Stops the shard's members and deletes them with their data; nothing to do where there is none. */
  deleteShard(id: number, options: FleetOptions): Promise<void>;
  sharderCount(): Promise<number>;
  /** Resolves when that many sharders are ready. */
  setSharderCount(count: number, options: FleetOptions): Promise<void>;
  /** Where each sharder's own metrics are: "http://…/metrics". */
  sharderMetrics(): Promise<string[]>;
  memberMetrics(): Promise<MemberMetrics[]>;
}
