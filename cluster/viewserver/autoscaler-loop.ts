/** Measures, judges and acts, once per window, while this view server leads. Where it is not enabled it only advises. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../sharder/core/ports.ts';
import type { Topology } from '../topology.ts';
import type { ShardFleet } from '../providers/shard-fleet.ts';
import type { EventLog } from './event-log.ts';
import { isOpen, withJobs, type JobWork } from './job.ts';
import type { JobStore } from './job-store.ts';
import { pause } from './leader-lease.ts';
import { LoadSampler } from './load-sampler.ts';
import { Autoscaler, type Decision } from './pure/autoscaler.ts';
import type { ViewWatch } from './view-watch.ts';

const decisionsMax = 500;

export interface AutoscalerLoopParts {
  settings: Topology['autoscaling']['shards'];
  sharderCores: number;
  fleet: ShardFleet;
  jobs: JobStore;
  view: ViewWatch;
  clock: Clock;
  events: EventLog;
  logger: Logger;
}

export interface LoggedDecision extends Decision {
  at: string;
  /** False: it was only advice. */
  isCarriedOut: boolean;
}

export class AutoscalerLoop {
  private readonly parts: AutoscalerLoopParts;
  private readonly autoscaler: Autoscaler;
  private readonly sampler: LoadSampler;
  private readonly decisions: LoggedDecision[] = [];

  constructor(parts: AutoscalerLoopParts) {
    this.parts = parts;
    const { p95Ms, requestsMin, cooldownSeconds, min, max } = parts.settings;
    this.autoscaler = new Autoscaler({ p95Ms, requestsMin, cooldownMs: cooldownSeconds * 1000, min, max });
    this.sampler = new LoadSampler(parts);
  }

  /** What it is set to, and its newest decisions, oldest first. */
  report(): object {
    return { settings: this.parts.settings, decisions: this.decisions };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, clock, logger } = this.parts;
    while (!signal.aborted) {
      try {
        await this.round();
      } catch (error) {
        logger.warn({ err: error }, 'the autoscaler could not measure or act');
      }
      await pause(clock, settings.windowSeconds * 1000, signal);
    }
  }

  private async round(): Promise<void> {
    const view = this.parts.view.current;
    if (view === null) return;
    const active = view.shards.filter(({ state }) => state !== 'draining');
    const jobs = await this.parts.jobs.list();
    const sample = await this.sampler.sample({
      shards: active.length,
      isChanging: view.moves.length > 0 || jobs.some(isOpen),
    });
    if (sample === null) return;
    const decision = this.autoscaler.judge(sample);
    // The youngest goes first: the home shard, which is the oldest, has to stay.
    const youngest = Math.max(...active.map(({ id }) => id));
    const work = workOf(decision, youngest);
    const isCarriedOut = work !== null && this.parts.settings.enabled;
    this.log({ ...decision, at: new Date().toISOString(), isCarriedOut });
    if (isCarriedOut) await this.ask(work, decision);
  }

  private async ask(work: JobWork, { reason }: Decision): Promise<void> {
    await this.parts.jobs.change((list) =>
      withJobs(list, [
        {
          id: `autoscaler-${randomUUID()}`,
          work,
          state: 'waiting',
          abort: false,
          note: `the autoscaler: ${reason}`,
          askedAt: new Date().toISOString(),
          endedAt: null,
        },
      ]),
    );
  }

  private log(decision: LoggedDecision): void {
    this.decisions.push(decision);
    if (this.decisions.length > decisionsMax) this.decisions.shift();
    this.parts.events.emit('autoscaler', decision);
    this.parts.logger.info(decision, 'autoscaler');
  }
}

function workOf({ kind }: Decision, youngest: number): JobWork | null {
  if (kind === 'add-shard') return { kind: 'add-shard', shard: null };
  if (kind === 'remove-shard') return { kind: 'remove-shard', shard: youngest };
  return null;
}
