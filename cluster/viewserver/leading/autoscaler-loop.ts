/** Measures, judges and acts once per window, while this view server is the leader. When autoscaling is off, it only advises. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../../sharder/core/ports.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import type { View } from '../../../sharder/core/view.ts';
import type { Topology } from '../../topology/topology.ts';
import type { ShardFleet } from '../../providers/shard-fleet.ts';
import {
  AUTOSCALER_KEY,
  type AutoscalerRecord,
  decisionsOf,
  decodeAutoscaler,
  memoryOf,
  withDecision,
} from './autoscaler-record.ts';
import type { EventLog } from '../home/event-log.ts';
import { isOpen, type Job, type JobWork, withJobs } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { HomeRecord } from '../home/home-record.ts';
import { pauseUntilAborted } from '../home/leader-lease.ts';
import { LoadSampler } from './load-sampler.ts';
import { Autoscaler, type Decision } from '../../resharding/plan/autoscaler.ts';
import { findHotSlots } from '../../resharding/plan/hot-slots.ts';
import type { MovePlan } from '../../resharding/plan/move-plan.ts';
import { planRemoval } from '../../resharding/plan/plan-moves.ts';
import { RefusedError } from '../../resharding/plan/refused-error.ts';
import { refuseOverfull } from '../../resharding/plan/shard-room.ts';
import type { Room } from '../jobs/room.ts';
import type { NewestView } from '../home/newest-view.ts';

/** Decisions in memory; the home shard keeps fewer. */
const decisionsMax = 500;

export interface AutoscalerLoopParts {
  settings: Topology['autoscaling']['shards'];
  sharderCores: number;
  fleet: ShardFleet;
  jobs: JobStore;
  view: NewestView;
  clock: Clock;
  events: EventLog;
  logger: Logger;
  home: ShardClient;
  room: Pick<Room, 'fillsOf'>;
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
  private readonly record: HomeRecord<AutoscalerRecord>;
  /** The newest decisions, oldest first, with those of earlier leaders. */
  private decisions: unknown[] = [];
  private isRemembered = false;
  private lastKept = '';

  constructor(parts: AutoscalerLoopParts) {
    this.parts = parts;
    const { p95Ms, requestsMin, cooldownSeconds, min, max } = parts.settings;
    this.autoscaler = new Autoscaler({ p95Ms, requestsMin, cooldownMs: cooldownSeconds * 1000, min, max });
    this.sampler = new LoadSampler(parts);
    this.record = new HomeRecord({ home: parts.home, key: AUTOSCALER_KEY, decode: decodeAutoscaler });
  }

  /** Its settings, and its newest decisions, oldest first. */
  report(): object {
    return { settings: this.parts.settings, decisions: this.decisions };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { settings, clock, logger } = this.parts;
    while (!signal.aborted) {
      try {
        await this.round();
      } catch (error) {
        logger.warn({ err: error }, 'the autoscaler failed to measure or to act');
      }
      await pauseUntilAborted(clock, settings.windowSeconds * 1000, signal);
    }
  }

  private async round(): Promise<void> {
    const view = this.parts.view.current;
    if (view === null) return;
    await this.recall();
    const active = view.shards.filter(({ state }) => state !== 'draining');
    // The youngest shard leaves first: the home shard, which is the oldest, has to stay.
    const youngest = Math.max(...active.map(({ id }) => id));
    const jobs = await this.parts.jobs.list();
    const measured = await this.sampler.sample({
      shards: active.length,
      isChanging: view.moves.length > 0 || jobs.some(isOpen),
      unfit: this.autoscaler.mayRemoveNext ? await this.unfitOf(view, youngest) : null,
    });
    if (measured === null) return;
    const hot = findHotSlots(view, this.sampler.slotLoads);
    const decision = this.autoscaler.judge({ ...measured, hot: hot?.hot ?? null });
    const works = worksOf(decision, youngest, hot?.plans ?? []);
    const isCarriedOut = works.length > 0 && this.parts.settings.enabled;
    const logged = { ...decision, at: new Date().toISOString(), isCarriedOut };
    this.log(logged);
    await this.keep(logged);
    if (isCarriedOut) await this.ask(works, decision);
  }

  /** Reads what earlier leaders have recorded. */
  private async recall(): Promise<void> {
    if (this.isRemembered) return;
    const { value } = await this.record.read();
    this.autoscaler.memory = memoryOf(value, this.autoscaler.memory);
    this.decisions = [...decisionsOf(value), ...this.decisions];
    this.isRemembered = true;
  }

  /** Records the decision and its reason when it differs from the last one. @throws ClusterError */
  private async keep(decision: LoggedDecision): Promise<void> {
    const what = `${decision.kind} ${decision.reason.replaceAll(/[0-9.]+/g, '#')}`;
    if (what === this.lastKept) return;
    const { memory } = this.autoscaler;
    await this.record.update((record) => withDecision(record, { memory, decision }));
    this.lastKept = what;
  }

  /** Why the shard must not leave: a rule forbids it, or the others have no room for its keys. Null when it may. */
  private async unfitOf(view: View, shard: number): Promise<string | null> {
    try {
      const fills = await this.parts.room.fillsOf(view, planRemoval(view, shard));
      refuseOverfull(fills);
      return fills.length < view.shards.length ? 'it is not known how full every shard is' : null;
    } catch (error) {
      if (error instanceof RefusedError) return error.message;
      throw error;
    }
  }

  private async ask(works: readonly JobWork[], { reason }: Decision): Promise<void> {
    const wanted = works.map((work): Job => ({
      id: `autoscaler-${randomUUID()}`,
      work,
      state: 'waiting',
      abort: false,
      note: `the autoscaler: ${reason}`,
      askedAt: new Date().toISOString(),
      endedAt: null,
    }));
    await this.parts.jobs.change((list) => withJobs(list, wanted));
  }

  private log(decision: LoggedDecision): void {
    this.decisions.push(decision);
    if (this.decisions.length > decisionsMax) this.decisions.shift();
    this.parts.events.emit('autoscaler', decision);
    this.parts.logger.info(decision, 'autoscaler');
  }
}

/** At most as many as there are shards. */
function worksOf({ kind }: Decision, youngest: number, plans: readonly MovePlan[]): JobWork[] {
  switch (kind) {
    case 'add-shard':
      return [{ kind: 'add-shard', shard: null }];
    case 'remove-shard':
      return [{ kind: 'remove-shard', shard: youngest }];
    case 'move-slots': {
      const destinations = [...new Set(plans.map(({ to }) => to))];
      const slotsTo = (to: number) => plans.flatMap((plan) => (plan.to === to ? plan.slots : []));
      return destinations.map((to) => ({ kind: 'move', slots: slotsTo(to), to }));
    }
    default:
      return [];
  }
}
