/** Turns what the sharders and the members have counted since the last reading into one sample for the autoscaler. */
import type { MemberMetrics, ShardFleet } from '../../providers/shard-fleet.ts';
import {
  addBuckets,
  bucketsBetween,
  bucketsOf,
  type Buckets,
  quantile,
  total,
  type MetricsReading,
} from '../../metrics/metrics-text.ts';
import type { LoadSample } from '../../resharding/plan/autoscaler.ts';
import { readSlots, type SlotCounts, slotsBetween } from '../../metrics/read-slots.ts';
import { readMetrics } from '../../metrics/read-metrics.ts';

const requests = 'vase_request_duration_seconds';
const statuses = 'vase_requests_total';
const calls = 'vase_etcd_call_duration_seconds';
const fsyncs = 'etcd_disk_wal_fsync_duration_seconds';
const processor = 'process_cpu_seconds_total';
const size = 'etcd_mvcc_db_total_size_in_bytes';
/** Routes about keys. */
const realRoutes: readonly string[] = ['kv', 'batch', 'set', 'get', 'delete'];
const wanted = new Set([
  ...[requests, calls, fsyncs].flatMap((name) => [`${name}_bucket`, `${name}_sum`, `${name}_count`]),
  statuses,
  processor,
  size,
]);

type Labels = Readonly<Record<string, string>>;

interface Snapshot {
  atMs: number;
  /** URLs of all sharders. */
  asked: readonly string[];
  /** By URL, for those that answered. */
  sharders: ReadonlyMap<string, MetricsReading>;
  members: ReadonlyMap<string, MetricsReading>;
  slots: ReadonlyMap<string, SlotCounts>;
}

export class LoadSampler {
  private readonly fleet: ShardFleet;
  private readonly sharderCores: number;
  private before: Snapshot | null = null;
  private loads: readonly number[] = [];

  constructor(options: { fleet: ShardFleet; sharderCores: number }) {
    this.fleet = options.fleet;
    this.sharderCores = options.sharderCores;
  }

  /** Operations by slot in the last window, over the sharders that report them. */
  get slotLoads(): readonly number[] {
    return this.loads;
  }

  /** The window since the last call; null for the first, and when none answers. */
  async sample(state: {
    shards: number;
    isChanging: boolean;
    unfit: string | null;
  }): Promise<LoadSample | null> {
    const before = this.before;
    const now = await this.read();
    this.before = now;
    this.loads = before === null ? [] : slotsBetween(before.slots, now.slots);
    if (before === null || now.sharders.size === 0) return null;
    return between(before, now, { ...state, sharderCores: this.sharderCores });
  }

  private async read(): Promise<Snapshot> {
    const [sharderUrls, members] = await Promise.all([
      this.fleet.sharderMetrics(),
      this.fleet.memberMetrics(),
    ]);
    const [sharders, slots, memberReadings] = await Promise.all([
      readMetrics(sharderUrls, wanted),
      readSlots(sharderUrls),
      readMetrics(
        members.map(({ url }: MemberMetrics) => url),
        wanted,
      ),
    ]);
    const atMs = performance.timeOrigin + performance.now();
    return { atMs, asked: sharderUrls, sharders, slots, members: memberReadings };
  }
}

interface Pair {
  before: MetricsReading;
  after: MetricsReading;
}

function pairs(
  before: ReadonlyMap<string, MetricsReading>,
  after: ReadonlyMap<string, MetricsReading>,
): Pair[] {
  return [...after].map(([url, reading]) => ({ before: before.get(url) ?? reading, after: reading }));
}

function between(
  before: Snapshot,
  now: Snapshot,
  state: { shards: number; isChanging: boolean; unfit: string | null; sharderCores: number },
): LoadSample {
  const windowMs = now.atMs - before.atMs;
  const sharders = pairs(before.sharders, now.sharders);
  const members = pairs(before.members, now.members);
  const isReal = (labels: Labels) => realRoutes.includes(labels['route'] ?? '');
  const isRefused = (labels: Labels) => isReal(labels) && labels['status'] === '429';
  const ended = addBuckets(
    sharders.map((pair) => without(histogram(pair, requests, isReal), difference(pair, statuses, isRefused))),
  );
  const called = addBuckets(sharders.map((pair) => histogram(pair, calls)));
  const cores = members.map((pair) => (difference(pair, processor) * 1000) / windowMs);
  return {
    atMs: now.atMs,
    windowMs,
    shards: state.shards,
    sharders: [...now.sharders.keys()].filter((url) => before.sharders.has(url)).length,
    shardersAsked: now.asked.length,
    requests: ended.get(Infinity) ?? 0,
    p95Ms: inMs(quantile(ended, 0.95)),
    shardBusy: busiestLane(sharders, windowMs),
    sharderBusy: Math.max(
      0,
      ...sharders.map((pair) => (difference(pair, processor) * 1000) / windowMs / state.sharderCores),
    ),
    etcdP95Ms: inMs(quantile(called, 0.95)),
    fsyncP99Ms: maxOf(members.map((pair) => inMs(quantile(histogram(pair, fsyncs), 0.99)))),
    dbBytesMax: maxOf(members.map(({ after }) => total(after, size))),
    memberCoresMax: maxOf(cores),
    hot: null,
    unfit: state.unfit,
    isChanging: state.isChanging,
  };
}

function histogram({ before, after }: Pair, name: string, fits?: (labels: Labels) => boolean) {
  return bucketsBetween(bucketsOf(before, name, fits), bucketsOf(after, name, fits));
}

/** A refusal is quick and serves no user: with more of them an overloaded shard would look better. */
function without(buckets: Buckets, refused: number): Buckets {
  return new Map([...buckets].map(([bound, count]) => [bound, Math.max(0, count - refused)]));
}

/** The rise of a counter; its whole value when the process has restarted. */
function difference({ before, after }: Pair, name: string, fits?: (labels: Labels) => boolean): number {
  const first = total(before, name, fits);
  const last = total(after, name, fits);
  return last >= first ? last - first : last;
}

/** A lane has one transaction under way at a time: the sum of their durations is the time in which it is not idle. */
function busiestLane(sharders: readonly Pair[], windowMs: number): number {
  let busiest = 0;
  for (const pair of sharders) {
    const lanes = new Set(
      (pair.after.get(`${calls}_sum`) ?? []).map(({ labels }) => `${labels['shard']} ${labels['lane']}`),
    );
    for (const lane of lanes) {
      const seconds = difference(
        pair,
        `${calls}_sum`,
        (labels) => `${labels['shard']} ${labels['lane']}` === lane,
      );
      busiest = Math.max(busiest, (seconds * 1000) / windowMs);
    }
  }
  return Math.min(1, busiest);
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}

function maxOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}
