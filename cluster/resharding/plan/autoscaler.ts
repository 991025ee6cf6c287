/**
 * Decides when a shard is added or removed: a state machine that turns the measurements of one window into a decision with
 * its reason. It adds a shard when the latency objective is broken and the shards break it, moves slots where that is enough,
 * and removes a shard when the objective would hold with one less. It does not flap: a change needs several windows that
 * agree, and a pause follows it; after a removal that had to be taken back the next one needs twice as many windows.
 */
import { describeHotSlots, type HotSlots, placementOf } from './hot-slots.ts';

export interface AutoscalerSettings {
  /** 95 of 100 requests have to end within this. */
  p95Ms: number;
  /** With fewer requests in a window, their latency proves nothing. */
  requestsMin: number;
  /** After a change nothing is changed for this long. */
  cooldownMs: number;
  min: number;
  max: number;
}

/** The measurements of one window. */
export interface LoadSample {
  /** The window's end, on a clock that goes on when another view server becomes leader. */
  atMs: number;
  windowMs: number;
  shards: number;
  /** Sharders that reported all of the window ... */
  sharders: number;
  /** ... of so many that were asked. */
  shardersAsked: number;
  /** Users' requests that ended in the window, over all sharders. */
  requests: number;
  /** The 95th percentile of their latencies. Null without requests. */
  p95Ms: number | null;
  /** The part of the time in which the sharders waited for a shard's transactions: 0 to 1, of the busiest shard's busiest lane. */
  shardBusy: number;
  /** The part of their processor time that the sharders used: 0 to 1. */
  sharderBusy: number;
  /** The 95th percentile of the sharders' calls to etcd. Null without calls. */
  etcdP95Ms: number | null;
  /** The slowest member's 99th percentile. Null where it is not known. */
  fsyncP99Ms: number | null;
  dbBytesMax: number | null;
  /** Processor time of the busiest member, in cores. */
  memberCoresMax: number | null;
  /** Where the operations went; null: no sharder reported it, or there were none. */
  hot: HotSlots | null;
  /** Why the others have no room for the shard that would be removed; null where they have, as far as is known. */
  unfit: string | null;
  /** Slots are being moved, or shards are being added or removed. */
  isChanging: boolean;
}

export type DecisionKind = 'none' | 'move-slots' | 'add-shard' | 'remove-shard' | 'recommend-sharders';
export type Bottleneck = 'shards' | 'sharders' | 'unknown';

export interface Decision {
  kind: DecisionKind;
  /** One sentence. */
  reason: string;
  /** What breaks the objective. */
  bottleneck: Bottleneck | null;
  /** The prediction with one shard less; null when there is none. */
  predictedP95Ms: number | null;
  sample: LoadSample;
}

/** What the next leader takes over: plain data, times on the samples' clock. */
export interface AutoscalerMemory {
  /** Nothing is changed before this time. */
  quietUntilMs: number;
  /** The time of the last removal. */
  removedAtMs: number | null;
  /** Windows that have to agree before the next removal. */
  calmNeeded: number;
  /** The least rate, in requests per second, at which so many shards did not hold the objective. */
  brokenRates: readonly { shards: number; rate: number; atMs: number }[];
  /** The measurements before the last addition. */
  addition: { shards: number; rate: number; p95Ms: number; atMs: number } | null;
}

/** This part of the sharders has to answer before anything is judged. */
const answeredMin = 0.9;
/** An addition has helped when p95 is down to this part of what it was before ... */
const helpedP95Share = 0.9;
/** ... or the rate has risen by this part of what one shard served before. Below the next part of the earlier load nothing is proven. */
const helpedRateShare = 0.3;
const comparableRateShare = 0.8;
/** Windows in a row that have to agree. */
const brokenWindows = 2;
const calmWindows = 4;
const calmWindowsMax = 256;
/** From here on sharders are short of processor time. */
const sharderBusyMax = 0.85;
/** Below this the shards do not explain a broken objective. */
const shardBusyMin = 0.5;
/** With one shard less, the others may be this busy at most: queues grow steeply above it. */
const busyAfterMax = 0.65;
/** ... and the latency at most this part of the objective: the room in which it may rise before a shard is added. */
const headroom = 0.6;
/** The autoscaler goes back to a number of shards that broke under some load only when the load is down to this part of it. */
const brokenRateShare = 0.7;
/** A removal that is followed by an addition within so many pauses was a mistake. */
const reversalPauses = 10;
/** A broken rate is remembered for so many pauses: machines and loads change. */
const memoryPauses = 50;

export class Autoscaler {
  private readonly settings: AutoscalerSettings;
  private brokenSince = 0;
  private calmSince = 0;
  private wasChanging = false;
  /** The caller keeps it, and gives it to the autoscaler of the next leader. */
  memory: AutoscalerMemory = {
    quietUntilMs: 0,
    removedAtMs: null,
    calmNeeded: calmWindows,
    brokenRates: [],
    addition: null,
  };

  constructor(settings: AutoscalerSettings) {
    this.settings = settings;
  }

  /** To be called once for each window, in order. */
  judge(sample: LoadSample): Decision {
    const decide = (kind: DecisionKind, reason: string, more: Partial<Decision> = {}): Decision => ({
      kind,
      reason,
      bottleneck: null,
      predictedP95Ms: null,
      sample,
      ...more,
    });
    const { sharders, shardersAsked } = sample;
    if (sharders < answeredMin * shardersAsked) {
      this.forget();
      return decide('none', `only ${sharders} of ${shardersAsked} sharders told what happened in the window`);
    }
    if (sample.isChanging || this.wasChanging) {
      this.wasChanging = sample.isChanging;
      this.forget();
      if (sample.isChanging) return decide('none', 'a change is under way');
      this.remember({
        quietUntilMs: Math.max(this.memory.quietUntilMs, sample.atMs + this.settings.cooldownMs),
      });
    }
    if (isBroken(sample, this.settings)) return this.judgeBroken(sample, decide);
    this.brokenSince = 0;
    return this.judgeHolding(sample, decide);
  }

  /** Whether a shard may be removed after the next window. */
  get mayRemoveNext(): boolean {
    return this.calmSince + 1 >= this.memory.calmNeeded;
  }

  private judgeBroken(sample: AnsweredSample, decide: Decide): Decision {
    const { p95Ms, max, cooldownMs } = this.settings;
    this.calmSince = 0;
    this.brokenSince += 1;
    const bottleneck = findBottleneck(sample);
    const broken = `p95 is ${round(sample.p95Ms)} ms, the objective ${p95Ms} ms`;
    // A window with hot slots says nothing about the number of shards.
    if (bottleneck === 'shards' && !isMisplaced(sample)) this.rememberBroken(sample);
    if (this.brokenSince < brokenWindows)
      return decide('none', `${broken}; for one window so far`, { bottleneck });
    if (bottleneck === 'sharders')
      return decide('recommend-sharders', `${broken}, because the sharders are short of processor time`, {
        bottleneck,
      });
    if (bottleneck === 'unknown')
      return decide('none', `${broken}; neither shards nor sharders are busy`, { bottleneck });
    if (sample.atMs < this.memory.quietUntilMs)
      return decide('none', `${broken}; pausing after a change`, { bottleneck });
    const placed = this.judgePlacement(sample, broken, decide);
    if (placed !== null) return placed;
    if (sample.shards >= max)
      return decide('none', `${broken}; ${max} shards are the most that is allowed`, { bottleneck });
    const useless = this.uselessAddition(sample);
    if (useless !== null) return decide('none', `${broken}; ${useless}`, { bottleneck });
    const { removedAtMs, calmNeeded } = this.memory;
    const wasMistake = removedAtMs !== null && sample.atMs - removedAtMs < reversalPauses * cooldownMs;
    this.remember({
      calmNeeded: wasMistake ? Math.min(calmWindowsMax, calmNeeded * 2) : calmWindows,
      addition: { shards: sample.shards, rate: rateOf(sample), p95Ms: sample.p95Ms, atMs: sample.atMs },
    });
    this.changed(sample);
    return decide('add-shard', `${broken}, because the shards are busy: ${evidence(sample)}`, { bottleneck });
  }

  /** Null: the slots are placed well, as far as is known. */
  private judgePlacement(sample: LoadSample, broken: string, decide: Decide): Decision | null {
    const { hot } = sample;
    if (hot === null) return null;
    const why = `${broken}; ${describeHotSlots(hot)}`;
    const placement = placementOf(hot);
    if (placement === 'even') return null;
    const blamed = { bottleneck: 'shards' } as const;
    if (placement === 'one-key')
      return decide('none', `${why}: one key is hot, and no placement of slots spreads it`, blamed);
    this.changed(sample);
    const after = `with ${hot.moved} of its slots elsewhere no shard has more than ${percent(hot.shareAfter)}`;
    return decide('move-slots', `${why}: ${after}`, blamed);
  }

  private judgeHolding(sample: LoadSample, decide: Decide): Decision {
    const { min } = this.settings;
    const { reason, predictedP95Ms } = this.predictOneLess(sample);
    const more = { predictedP95Ms };
    if (reason !== null) {
      this.calmSince = 0;
      return decide('none', reason, more);
    }
    this.calmSince += 1;
    if (sample.shards <= min) return decide('none', `${min} shards are the fewest that are allowed`, more);
    const { calmNeeded, quietUntilMs } = this.memory;
    if (this.calmSince < calmNeeded)
      return decide('none', `one shard less would do, for ${this.calmSince} windows of ${calmNeeded}`, more);
    if (sample.atMs < quietUntilMs)
      return decide('none', 'one shard less would do; pausing after a change', more);
    const { unfit } = sample;
    if (unfit !== null) return decide('none', `one shard less would do, but ${unfit}`, more);
    this.remember({ removedAtMs: sample.atMs, addition: null });
    this.changed(sample);
    return decide('remove-shard', `the objective would hold with ${sample.shards - 1} shards`, more);
  }

  /** Latency as that of a queue: it grows as 1 / (1 - busy). */
  private predictOneLess(sample: LoadSample): { reason: string | null; predictedP95Ms: number | null } {
    const { shards, shardBusy, p95Ms, requests } = sample;
    const { requestsMin, p95Ms: objectiveMs } = this.settings;
    if (shards <= 1) return { reason: 'one shard is the least there can be', predictedP95Ms: null };
    const rate = rateOf(sample);
    const brokenRate = Math.min(
      ...this.memory.brokenRates
        .filter((broken) => broken.shards >= shards - 1 && sample.atMs - broken.atMs < this.memoryMs)
        .map((broken) => broken.rate),
    );
    if (rate > brokenRateShare * brokenRate)
      return {
        reason: `${shards - 1} shards did not hold the objective at ${round(brokenRate)} requests/s`,
        predictedP95Ms: null,
      };
    const busyAfter = (shardBusy * shards) / (shards - 1);
    if (busyAfter > busyAfterMax)
      return { reason: `with one shard less they would be ${percent(busyAfter)} busy`, predictedP95Ms: null };
    // There are too few requests to say how long they take: idle shards are proof enough.
    if (requests < requestsMin || p95Ms === null) return { reason: null, predictedP95Ms: null };
    const predictedP95Ms = (p95Ms * (1 - shardBusy)) / (1 - busyAfter);
    if (predictedP95Ms <= headroom * objectiveMs) return { reason: null, predictedP95Ms };
    return {
      reason: `with one shard less p95 would be about ${round(predictedP95Ms)} ms`,
      predictedP95Ms,
    };
  }

  private rememberBroken(sample: LoadSample): void {
    const { shards, atMs } = sample;
    const fresh = this.memory.brokenRates.filter((broken) => atMs - broken.atMs < this.memoryMs);
    const known = fresh.find((broken) => broken.shards === shards);
    const rate = Math.min(known?.rate ?? Infinity, rateOf(sample));
    this.remember({ brokenRates: [...fresh.filter((broken) => broken !== known), { shards, rate, atMs }] });
  }

  /** Why another shard would not help either; null when the last one helped, or nothing is known of one. */
  private uselessAddition(sample: AnsweredSample): string | null {
    const { addition } = this.memory;
    if (addition === null || sample.shards <= addition.shards) return null;
    if (sample.atMs - addition.atMs >= this.memoryMs) return null;
    const rate = rateOf(sample);
    const isComparable = rate >= comparableRateShare * addition.rate;
    const isHelped =
      sample.p95Ms <= helpedP95Share * addition.p95Ms ||
      rate >= addition.rate * (1 + helpedRateShare / addition.shards);
    if (isHelped || !isComparable) return null;
    return `the last shard that was added did not help: before it p95 was ${round(addition.p95Ms)} ms at ${round(addition.rate)} requests/s`;
  }

  private remember(news: Partial<AutoscalerMemory>): void {
    this.memory = { ...this.memory, ...news };
  }

  private get memoryMs(): number {
    return memoryPauses * this.settings.cooldownMs;
  }

  private changed({ atMs }: LoadSample): void {
    this.remember({ quietUntilMs: atMs + this.settings.cooldownMs });
    this.wasChanging = true;
    this.forget();
  }

  private forget(): void {
    this.brokenSince = 0;
    this.calmSince = 0;
  }
}

type Decide = (kind: DecisionKind, reason: string, more?: Partial<Decision>) => Decision;

/** A sample of a window in which requests ended. */
type AnsweredSample = LoadSample & { p95Ms: number };

function isBroken(sample: LoadSample, settings: AutoscalerSettings): sample is AnsweredSample {
  const { requests, p95Ms } = sample;
  return requests >= settings.requestsMin && p95Ms !== null && p95Ms > settings.p95Ms;
}

/** It checks the sharders first: one that is short of processor time measures its own delay as that of the shards. */
function findBottleneck(sample: LoadSample): Bottleneck {
  const { sharderBusy, shardBusy, etcdP95Ms, p95Ms } = sample;
  if (sharderBusy >= sharderBusyMax) return 'sharders';
  // A request waits for the transaction that is under way and then for its own.
  const explains = etcdP95Ms !== null && p95Ms !== null && 3 * etcdP95Ms >= p95Ms;
  // Writes of one key wait for each other, however short each is.
  return shardBusy >= shardBusyMin && (explains || isMisplaced(sample)) ? 'shards' : 'unknown';
}

/** A few slots have so much of the load that they alone make their shard busy. */
function isMisplaced({ hot }: LoadSample): boolean {
  return hot !== null && placementOf(hot) !== 'even';
}

/** The measurements of the shards, in words. */
function evidence({ shardBusy, etcdP95Ms, fsyncP99Ms, memberCoresMax, hot }: LoadSample): string {
  const parts = [
    hot === null ? null : describeHotSlots(hot),
    `their busiest lane ${percent(shardBusy)} of the time`,
    etcdP95Ms === null ? null : `p95 of etcd ${round(etcdP95Ms)} ms`,
    fsyncP99Ms === null ? null : `p99 of an fsync ${round(fsyncP99Ms)} ms`,
    memberCoresMax === null ? null : `the busiest member ${round(memberCoresMax)} cores`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function rateOf({ requests, windowMs }: LoadSample): number {
  return (requests * 1000) / windowMs;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
