/**
 * Decides, when the process itself is the limit, which requests are carried out. Requests then wait in the kernel and in
 * Node before any lane sees them; the delay of the event loop's heartbeat tells how long.
 *
 * Taken from CoDel (RFC 8289): the least delay of an interval tells a standing queue from a burst, a collection of
 * garbage or a throttled moment. From DAGOR (Zhou et al., 2018): what is admitted falls by a part while the delay stands
 * and rises slowly while it does not. From adaptive LIFO (Maurer, 2015) only its aim: fresh requests are served within
 * the time in which their clients wait, because those refused are refused on arrival and never queue. Not taken: gradients
 * of concurrency (Envoy), because requests that wait for a slow shard would count as the process's own.
 *
 * A refusal through Node costs half of a small write, nearly all of it in the kernel (measured with 0.15 of a core): at
 * twice the capacity, immediate refusals for all would leave no time to serve. So refusals get a share of what is served,
 * and those beyond it wait for their answer, which also slows down clients that keep their connections.
 */

export interface SheddingSettings {
  /** A least delay above it, in milliseconds, is a standing queue. A request waits for two or three turns of the loop. */
  targetMs: number;
  /** The queue has to stand for so long before any request is refused. */
  intervalMs: number;
  /** The interval at which the rate is judged from then on. */
  stepMs: number;
  /** Refusals per request that is carried out. */
  refusalShare: number;
  /** After so long without a refusal, everything is admitted again. */
  calmMs: number;
}

const defaultShedding: Readonly<SheddingSettings> = {
  targetMs: 120,
  intervalMs: 500,
  stepMs: 250,
  refusalShare: 0.25,
  calmMs: 2000,
};

const fallBy = 0.85;
/** Near the highest rate without a standing queue, the rate rises slowly; far below it, fast. */
const riseBy = 1.05;
const riseFarBelowBy = 1.3;
const farBelow = 0.85;
/** The good rate of the past (without a standing queue) falls by this factor in each step, by half in half a minute. */
const forgetBy = 0.994;
/** The least rate, in requests a second, whatever is measured ... */
const rateMin = 20;
/** ... and the part of the good rate that is always admitted: a storm of new connections has no relation to the rate. */
const floorShare = 0.5;
/** A burst after a stall is admitted up to what the rate allows in so many milliseconds. */
const burstMs = 250;
const creditMax = 64;

export class LoadShedding {
  private readonly settings: SheddingSettings;
  /** Requests a second that are admitted; Infinity: all. */
  private rate = Infinity;
  private tokens = 0;
  private credit = 0;
  /** Of the step under way. */
  private stepAtMs: number;
  private leastDelayMs = Infinity;
  private admitted = 0;
  private refused = 0;
  private standingMs = 0;
  /** The highest rate that was carried out lately in a step without a standing queue. */
  private goodRate = 0;
  private refusedAtMs = -Infinity;
  private beatAtMs: number;

  constructor(nowMs: number, settings: SheddingSettings = defaultShedding) {
    this.settings = settings;
    this.stepAtMs = nowMs;
    this.beatAtMs = nowMs;
  }

  /** Whether requests may be refused: `admit` alone decides which. */
  get isShedding(): boolean {
    return this.rate !== Infinity;
  }

  /** Requests a second that are admitted; null: all. */
  get admittedPerSecond(): number | null {
    return this.isShedding ? this.rate : null;
  }

  /** Whether the next request is carried out. */
  admit(): boolean {
    this.admitted++;
    if (this.rate === Infinity) return true;
    if (this.tokens >= 1) {
      this.tokens--;
      this.credit = Math.min(creditMax, this.credit + this.settings.refusalShare);
      return true;
    }
    this.admitted--;
    this.refused++;
    return false;
  }

  /** Whether a refusal may be answered now; takes it from the share. */
  mayAnswerRefusal(): boolean {
    if (!this.isShedding) return true;
    if (this.credit < 1) return false;
    this.credit--;
    return true;
  }

  /** A heartbeat came `delayMs` later than it should have. */
  beat(nowMs: number, delayMs: number): void {
    if (this.isShedding) {
      const earned = (this.rate * (nowMs - this.beatAtMs)) / 1000;
      this.tokens = Math.min((this.rate * burstMs) / 1000, this.tokens + earned);
    }
    this.beatAtMs = nowMs;
    this.leastDelayMs = Math.min(this.leastDelayMs, delayMs);
    const elapsedMs = nowMs - this.stepAtMs;
    if (elapsedMs < this.settings.stepMs) return;
    this.step(nowMs, elapsedMs);
    this.stepAtMs = nowMs;
    this.leastDelayMs = Infinity;
    this.admitted = 0;
    this.refused = 0;
  }

  private step(nowMs: number, elapsedMs: number): void {
    const { targetMs, intervalMs, calmMs } = this.settings;
    const stands = this.leastDelayMs > targetMs;
    this.standingMs = stands ? this.standingMs + elapsedMs : 0;
    const admittedRate = (this.admitted * 1000) / elapsedMs;
    this.goodRate *= forgetBy;
    if (!stands) this.goodRate = Math.max(this.goodRate, admittedRate);
    if (!this.isShedding) {
      if (this.standingMs < intervalMs) return;
      this.rate = this.lowered(admittedRate);
      this.tokens = 0;
      this.credit = 0;
      this.refusedAtMs = nowMs;
      return;
    }
    if (this.refused > 0) this.refusedAtMs = nowMs;
    // A rate that was not reached says nothing.
    if (stands) this.rate = this.lowered(Math.min(this.rate, admittedRate));
    else if (this.refused > 0) this.rate *= this.rate < farBelow * this.goodRate ? riseFarBelowBy : riseBy;
    else if (nowMs >= this.refusedAtMs + calmMs) this.rate = Infinity;
  }

  private lowered(rate: number): number {
    return Math.max(rateMin, floorShare * this.goodRate, rate * fallBy);
  }
}
