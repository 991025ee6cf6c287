/**
 * A cluster as the autoscaler sees it, as a queueing model: each shard serves a fixed number of requests a second, waiting
 * grows as 1 / (1 - busy), and adding or removing a shard takes some windows. For tests of the autoscaler under any load.
 */
import {
  Autoscaler,
  type AutoscalerSettings,
  type Decision,
  type LoadSample,
} from '../../cluster/resharding/plan/autoscaler.ts';

export interface ScaledCluster {
  settings: AutoscalerSettings;
  windowMs: number;
  shards: number;
  /** Requests per second that one shard can serve at most. */
  shardRate: number;
  /** Requests per second that all sharders together can serve at most. */
  sharderRate: number;
  /** p95 without waiting. */
  baseP95Ms: number;
  changeWindows: number;
}

export const scaledCluster: ScaledCluster = {
  settings: { p95Ms: 50, requestsMin: 200, cooldownMs: 60_000, min: 2, max: 8 },
  windowMs: 10_000,
  shards: 3,
  shardRate: 1000,
  sharderRate: 1_000_000,
  baseP95Ms: 8,
  changeWindows: 3,
};

/** The latency of a queue that overflows: the longest wait within the sharders' bounds. */
const overflowMs = 3000;

export interface ScaledRun {
  decisions: Decision[];
  /** The shards after each window. */
  shards: number[];
  changes: { window: number; by: 1 | -1 }[];
}

/** @param rateOf requests per second in each window. */
export function runScaled(
  cluster: ScaledCluster,
  windows: number,
  rateOf: (window: number) => number,
): ScaledRun {
  const autoscaler = new Autoscaler(cluster.settings);
  const run: ScaledRun = { decisions: [], shards: [], changes: [] };
  let shards = cluster.shards;
  let change: { by: 1 | -1; left: number } | null = null;
  for (let window = 0; window < windows; window++) {
    const decision = autoscaler.judge(
      sampleOf(cluster, { window, shards, rate: rateOf(window), isChanging: change !== null }),
    );
    run.decisions.push(decision);
    if (change !== null && --change.left === 0) {
      shards += change.by;
      change = null;
    }
    if (decision.kind === 'add-shard' || decision.kind === 'remove-shard') {
      if (change !== null) throw new Error('a change was asked for during a change');
      const by = decision.kind === 'add-shard' ? 1 : -1;
      change = { by, left: cluster.changeWindows };
      run.changes.push({ window, by });
    }
    run.shards.push(shards);
  }
  return run;
}

function sampleOf(
  cluster: ScaledCluster,
  now: { window: number; shards: number; rate: number; isChanging: boolean },
): LoadSample {
  const shardBusy = Math.min(1, now.rate / (now.shards * cluster.shardRate));
  const sharderBusy = Math.min(1, now.rate / cluster.sharderRate);
  const wait = (busy: number) => (busy >= 1 ? overflowMs : cluster.baseP95Ms / (1 - busy));
  const etcdP95Ms = Math.min(overflowMs, wait(shardBusy));
  const p95Ms = Math.min(overflowMs, Math.max(etcdP95Ms, wait(sharderBusy)));
  const served = Math.min(now.rate, now.shards * cluster.shardRate, cluster.sharderRate);
  const requests = Math.round((served * cluster.windowMs) / 1000);
  return {
    atMs: now.window * cluster.windowMs,
    windowMs: cluster.windowMs,
    shards: now.shards,
    sharders: 2,
    shardersAsked: 2,
    unfit: null,
    hot: null,
    requests,
    p95Ms: requests === 0 ? null : p95Ms,
    shardBusy,
    sharderBusy,
    etcdP95Ms: requests === 0 ? null : etcdP95Ms,
    fsyncP99Ms: 5,
    dbBytesMax: 1e6,
    memberCoresMax: shardBusy,
    isChanging: now.isChanging,
  };
}
