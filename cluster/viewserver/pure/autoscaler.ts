/**
 * When a shard is added or removed: a state machine from what was measured over one window to a decision with its reason.
 * It adds when the latency objective is broken and the shards are what breaks it, and removes when the objective would
 * hold with one less. It does not flap: a change needs several windows that agree, is followed by a pause, and a removal
 * that had to be taken back makes the next one need twice as many.
 */

export interface AutoscalerSettings {
  /** 95 of 100 requests are to end within this. */
  p95Ms: number;
  /** With fewer requests in a window, their latency proves nothing. */
  requestsMin: number;
  /** After a change nothing is changed for this long. */
  cooldownMs: number;
  min: number;
  max: number;
}

/** What was measured over one window. */
export interface LoadSample {
  /** At the window's end, on any clock that never goes back. */
  atMs: number;
  windowMs: number;
  shards: number;
  sharders: number;
  /** Real requests that ended in the window, over all sharders. */
  requests: number;
  /** Of those. Null without requests. */
  p95Ms: number | null;
  /** The part of the time in which the sharders waited for a shard's transactions: 0 to 1, of the busiest shard's busiest lane. */
  shardBusy: number;
  /** Processor time that the sharders used, of what they may use: 0 to 1. */
  sharderBusy: number;
  /** Of the sharders' calls to etcd. Null without calls. */
  etcdP95Ms: number | null;
  /** Of the worst member. Null where it is not known. */
  fsyncP99Ms: number | null;
  dbBytesMax: number | null;
  /** Processor time of the busiest member, in cores. */
  memberCoresMax: number | null;
  /** Slots are being moved, or shards come or go. */
  isChanging: boolean;
}

export type DecisionKind = 'none' | 'add-shard' | 'remove-shard' | 'recommend-sharders';
export type Bottleneck = 'shards' | 'sharders' | 'unknown';

export interface Decision {
  kind: DecisionKind;
  /** One sentence. */
  reason: string;
  /** Whom a broken objective is blamed on. */
  bottleneck: Bottleneck | null;
  /** With one shard less, as far as can be said. */
  predictedP95Ms: number | null;
  sample: LoadSample;
}

/** Windows one after the other that have to agree. */
const brokenWindows = 2;
const calmWindows = 4;
const calmWindowsMax = 256;
/** From here on sharders are short of processor time. */
const sharderBusyMax = 0.85;
/** Below this the shards do not explain a broken objective. */
const shardBusyMin = 0.5;
/** With one shard less, the others may be this busy at most; below the part at which queues grow steeply. */
const busyAfterMax = 0.65;
/** ... and the latency at most this part of the objective: the room in which it may rise before a shard is added. */
const headroom = 0.6;
/** A number of shards that broke under some load is not gone back to before the load is down to this part of it. */
const brokenRateShare = 0.7;
/** A removal that is followed by an addition within so many pauses was a mistake. */
const reversalPauses = 10;
/** For so many pauses it is remembered what broke: machines and loads change. */
const memoryPauses = 50;

export class Autoscaler {
  private readonly settings: AutoscalerSettings;
  private brokenSince = 0;
  private calmSince = 0;
  private quietUntilMs = -Infinity;
  private wasChanging = false;
  private removedAtMs = -Infinity;
  private calmNeeded = calmWindows;
  /** The least rate, in requests per second, at which so many shards did not hold the objective. */
  private readonly brokenRates = new Map<number, { rate: number; atMs: number }>();

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
    if (sample.isChanging || this.wasChanging) {
      this.wasChanging = sample.isChanging;
      this.forget();
      if (sample.isChanging) return decide('none', 'a change is under way');
      this.quietUntilMs = Math.max(this.quietUntilMs, sample.atMs + this.settings.cooldownMs);
    }
    if (isBroken(sample, this.settings)) return this.judgeBroken(sample, decide);
    this.brokenSince = 0;
    return this.judgeHolding(sample, decide);
  }

  private judgeBroken(sample: LoadSample, decide: Decide): Decision {
    const { p95Ms, max, cooldownMs } = this.settings;
    this.calmSince = 0;
    this.brokenSince += 1;
    const bottleneck = findBottleneck(sample);
    const broken = `p95 is ${round(sample.p95Ms!)} ms, the objective ${p95Ms} ms`;
    if (bottleneck === 'shards') this.rememberBroken(sample);
    if (this.brokenSince < brokenWindows)
      return decide('none', `${broken}; for one window so far`, { bottleneck });
    if (bottleneck === 'sharders')
      return decide('recommend-sharders', `${broken}, because the sharders are short of processor time`, {
        bottleneck,
      });
    if (bottleneck === 'unknown')
      return decide('none', `${broken}; neither shards nor sharders are busy`, { bottleneck });
    if (sample.atMs < this.quietUntilMs)
      return decide('none', `${broken}; pausing after a change`, { bottleneck });
    if (sample.shards >= max)
      return decide('none', `${broken}; ${max} shards are the most that is allowed`, { bottleneck });
    const wasMistake = sample.atMs - this.removedAtMs < reversalPauses * cooldownMs;
    this.calmNeeded = wasMistake ? Math.min(calmWindowsMax, this.calmNeeded * 2) : calmWindows;
    this.changed(sample);
    return decide('add-shard', `${broken}, because the shards are busy`, { bottleneck });
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
    if (this.calmSince < this.calmNeeded)
      return decide(
        'none',
        `one shard less would do, for ${this.calmSince} windows of ${this.calmNeeded}`,
        more,
      );
    if (sample.atMs < this.quietUntilMs)
      return decide('none', 'one shard less would do; pausing after a change', more);
    this.removedAtMs = sample.atMs;
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
      ...[...this.brokenRates]
        .filter(([count, { atMs }]) => count >= shards - 1 && sample.atMs - atMs < this.memoryMs)
        .map(([, { rate: broken }]) => broken),
    );
    if (rate > brokenRateShare * brokenRate)
      return {
        reason: `${shards - 1} shards did not hold the objective at ${round(brokenRate)} requests/s`,
        predictedP95Ms: null,
      };
    const busyAfter = (shardBusy * shards) / (shards - 1);
    if (busyAfter > busyAfterMax)
      return { reason: `with one shard less they would be ${percent(busyAfter)} busy`, predictedP95Ms: null };
    // Too few requests to say how long they take: that the shards are idle has to do.
    if (requests < requestsMin || p95Ms === null) return { reason: null, predictedP95Ms: null };
    const predictedP95Ms = (p95Ms * (1 - shardBusy)) / (1 - busyAfter);
    if (predictedP95Ms <= headroom * objectiveMs) return { reason: null, predictedP95Ms };
    return {
      reason: `with one shard less p95 would be about ${round(predictedP95Ms)} ms`,
      predictedP95Ms,
    };
  }

  private rememberBroken(sample: LoadSample): void {
    const known = this.brokenRates.get(sample.shards);
    const isKnown = known !== undefined && sample.atMs - known.atMs < this.memoryMs;
    const rate = Math.min(isKnown ? known.rate : Infinity, rateOf(sample));
    this.brokenRates.set(sample.shards, { rate, atMs: sample.atMs });
  }

  private get memoryMs(): number {
    return memoryPauses * this.settings.cooldownMs;
  }

  private changed({ atMs }: LoadSample): void {
    this.quietUntilMs = atMs + this.settings.cooldownMs;
    this.wasChanging = true;
    this.forget();
  }

  private forget(): void {
    this.brokenSince = 0;
    this.calmSince = 0;
  }
}

type Decide = (kind: DecisionKind, reason: string, more?: Partial<Decision>) => Decision;

function isBroken({ requests, p95Ms }: LoadSample, settings: AutoscalerSettings): boolean {
  return requests >= settings.requestsMin && p95Ms !== null && p95Ms > settings.p95Ms;
}

/** Sharders first: one that is short of processor time measures its own delay as that of the shards. */
function findBottleneck({ sharderBusy, shardBusy, etcdP95Ms, p95Ms }: LoadSample): Bottleneck {
  if (sharderBusy >= sharderBusyMax) return 'sharders';
  // A request waits for the transaction that is under way and then for its own.
  const explains = etcdP95Ms !== null && p95Ms !== null && 3 * etcdP95Ms >= p95Ms;
  return shardBusy >= shardBusyMin && explains ? 'shards' : 'unknown';
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
