/**
 * Questions to the capacity model, and its answers. The shapes are parts of the benchmark's plan and result, so that a plan
 * can be handed over as it is; times are in ms, processor use in cores.
 */

export interface CellLoad {
  /** Each user writes a key and reads it, in turn; or draws reads and writes with `writeShare`. */
  pattern: 'put-then-get' | 'mixed';
  /** Share of writes in [0, 1]; 0.5 where puts and gets alternate. */
  writeShare: number;
  keys: number;
  valueBytes: number;
  distribution: 'uniform' | 'zipfian';
  /** Closed loop: so many users without a pause. Open loop: arrivals at random, so many a second. */
  arrivals: { kind: 'closed'; users: number } | { kind: 'open'; perSecond: number };
}

export interface CapacityCell {
  sharders: number;
  shards: number;
  /** etcd members of a shard. */
  members: number;
  load: CellLoad;
}

export interface LatencyFigures {
  medianMs: number;
  meanMs: number;
  p90Ms: number;
  p95Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
}

export interface Prediction {
  requestsPerSecond: number;
  /** Requests that were answered in the window; the figures rest on them. */
  requests: number;
  /** Requests turned away because too many waited. */
  refused: number;
  latency: LatencyFigures;
  /** Mean cores in use: of all sharders, of all members, of the load generator. */
  cores: { sharders: number; members: number; generator: number };
  /** Mean operations in a transaction; null where there was none. */
  batch: { reads: number | null; writes: number | null };
}

/** How long a cell is simulated: virtual time, bounded by requests so that big cells cost no more than small ones. */
export interface Horizon {
  /** Users of a closed loop begin over this time: all at once, they would go on in waves. */
  rampMs: number;
  warmupMs: number;
  durationMs: number;
  requestsMax: number;
  seed: number;
}

export const defaultHorizon: Readonly<Horizon> = {
  rampMs: 200,
  warmupMs: 1_000,
  durationMs: 4_000,
  requestsMax: 60_000,
  seed: 1,
};
