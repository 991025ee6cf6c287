/**
 * Processor time. A `Processor` is one process: it runs jobs in order of arrival, as many at once as it has threads that can
 * run, under a limit that the kernel enforces as control groups do: so much time per period of 100 ms, then nothing until the
 * next. Processes may share a `Machine`, which divides its cores by weight when they want more than there are.
 */
import type { ScheduledEvent } from '../kernel/event-heap.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** The period of CPU limits: the default of the kernel and of Kubernetes. */
const periodUs = 100_000;
/** Work below this is done: rounding of the virtual clock, not work. */
const roundingUs = 1e-6;
/** Jobs that wait for one process; a closed loop of all users stays far below. */
const waitingJobsMax = 1_000_000;

interface Job {
  leftUs: number;
  done: () => void;
}

export interface ProcessorSettings {
  /** Threads that run at once: 1 for Node.js, and for Python under its lock. */
  threads: number;
  /** Cores that the limit allows on average; null: no limit. */
  limitCores: number | null;
  /** Share of a machine that is too small for all its processes: a pod's request, in cores. */
  weight: number;
  /** Where in a period this process' limit is renewed, in [0, 1): periods of different processes are not aligned. */
  periodPhase: number;
}

export class Processor {
  readonly weight: number;
  /** Processor time used since the world began. */
  usedUs = 0;
  readonly #kernel: Kernel;
  readonly #machine: Machine | null;
  readonly #threads: number;
  readonly #quotaUs: number;
  #quotaLeftUs: number;
  #periodEndUs: number;
  #isThrottled = false;
  readonly #running: Job[] = [];
  #waiting: Job[] = [];
  #waitingFrom = 0;
  #rate = 0;
  #sinceUs = 0;
  #event: ScheduledEvent | null = null;

  constructor(kernel: Kernel, machine: Machine | null, settings: ProcessorSettings) {
    const { threads, limitCores, weight, periodPhase } = settings;
    this.#kernel = kernel;
    this.#machine = machine;
    this.#threads = threads;
    this.weight = weight;
    this.#quotaUs = limitCores === null || limitCores >= threads ? Infinity : limitCores * periodUs;
    this.#quotaLeftUs = this.#quotaUs;
    this.#periodEndUs = periodUs * (periodPhase === 0 ? 1 : periodPhase);
    machine?.add(this);
  }

  /** Cores that this process could use now. */
  get demand(): number {
    return this.#isThrottled ? 0 : this.#running.length;
  }

  /** Runs `workUs` of processor time after all that was submitted before; then calls `done`. */
  submit(workUs: number, done: () => void): void {
    const job: Job = { leftUs: workUs, done };
    if (this.#running.length >= this.#threads) {
      if (this.#waiting.length - this.#waitingFrom >= waitingJobsMax)
        throw new Error('processor: too many jobs');
      this.#waiting.push(job);
      return;
    }
    this.#advance();
    this.#running.push(job);
    this.#demandChanged();
  }

  /** The machine gives this process so many cores from now on. */
  grant(rate: number): void {
    if (rate === this.#rate) return;
    this.#advance();
    this.#rate = rate;
    this.#plan();
  }

  #demandChanged(): void {
    if (this.#machine === null) this.#rate = this.demand;
    else this.#machine.divide();
    this.#plan();
  }

  /** Books the work done since the last change. */
  #advance(): void {
    const nowUs = this.#kernel.nowUs;
    if (this.#quotaUs !== Infinity) this.#renewQuota(nowUs);
    const elapsedUs = nowUs - this.#sinceUs;
    this.#sinceUs = nowUs;
    if (elapsedUs <= 0 || this.#rate === 0) return;
    const workUs = elapsedUs * this.#rate;
    this.usedUs += workUs;
    this.#quotaLeftUs -= workUs;
    const eachUs = workUs / this.#running.length;
    for (const job of this.#running) job.leftUs -= eachUs;
  }

  /** An idle process lets periods pass; a busy one has an event at each end. */
  #renewQuota(nowUs: number): void {
    if (nowUs < this.#periodEndUs) return;
    const periods = Math.floor((nowUs - this.#periodEndUs) / periodUs) + 1;
    this.#periodEndUs += periods * periodUs;
    // Work since the last change belongs to the period that ends: only its overrun is booked against the new quota.
    this.#quotaLeftUs = this.#quotaUs + this.#rate * (nowUs - this.#sinceUs);
    this.#isThrottled = false;
  }

  #plan(): void {
    this.#event?.cancel();
    this.#event = null;
    if (this.#running.length === 0) return;
    const nowUs = this.#kernel.nowUs;
    let nextUs = this.#quotaUs === Infinity ? Infinity : this.#periodEndUs;
    if (this.#rate > 0) {
      const each = this.#rate / this.#running.length;
      for (const job of this.#running) nextUs = Math.min(nextUs, nowUs + job.leftUs / each);
      nextUs = Math.min(nextUs, nowUs + Math.max(0, this.#quotaLeftUs) / this.#rate);
    }
    if (nextUs !== Infinity) this.#event = this.#kernel.schedule(nextUs, this.#changed, undefined);
  }

  readonly #changed = (): void => {
    this.#event = null;
    const demand = this.demand;
    this.#advance();
    this.#isThrottled = this.#quotaLeftUs <= roundingUs;
    const done: Job[] = [];
    for (let index = 0; index < this.#running.length;) {
      const job = this.#running[index]!;
      if (job.leftUs > roundingUs) {
        index++;
        continue;
      }
      done.push(job);
      const next = this.#takeWaiting();
      if (next === undefined) this.#running.splice(index, 1);
      else {
        // The clock counts whole microseconds: the overrun of this job belongs to the next.
        next.leftUs += job.leftUs;
        this.#running[index] = next;
      }
    }
    if (this.demand === demand) this.#plan();
    else this.#demandChanged();
    for (const job of done) job.done();
  };

  #takeWaiting(): Job | undefined {
    const job = this.#waiting[this.#waitingFrom];
    if (job === undefined) return undefined;
    this.#waitingFrom++;
    if (this.#waitingFrom > 1024 && this.#waitingFrom * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#waitingFrom);
      this.#waitingFrom = 0;
    }
    return job;
  }
}

/** Cores that several processes share: all get what they want while it suffices, else in proportion to their weights. */
export class Machine {
  readonly cores: number;
  readonly #processors: Processor[] = [];

  constructor(cores: number) {
    this.cores = cores;
  }

  add(processor: Processor): void {
    this.#processors.push(processor);
  }

  /** Weighted max-min fairness: a process that wants less than its share leaves the rest to the others. */
  divide(): void {
    let wanting = this.#processors.filter(({ demand }) => demand > 0);
    let total = 0;
    for (const { demand } of wanting) total += demand;
    let left = this.cores;
    if (total > left) {
      for (let satisfied = true; satisfied && wanting.length > 0;) {
        let weights = 0;
        for (const { weight } of wanting) weights += weight;
        const perWeight = left / weights;
        const modest = wanting.filter(({ demand, weight }) => demand <= perWeight * weight);
        satisfied = modest.length > 0;
        for (const processor of modest) left -= processor.demand;
        for (const processor of modest) processor.grant(processor.demand);
        if (satisfied) wanting = wanting.filter((processor) => !modest.includes(processor));
        else for (const processor of wanting) processor.grant(perWeight * processor.weight);
      }
    } else for (const processor of wanting) processor.grant(processor.demand);
    for (const processor of this.#processors) if (processor.demand === 0) processor.grant(0);
  }
}
