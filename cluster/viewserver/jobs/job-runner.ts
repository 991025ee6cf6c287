/**
 * Carries out jobs, oldest first, and side by side when they do not concern the same slots. A job is a loop that compares the
 * present state with the wanted one and does the next step; so it does not matter how often, or by how many servers, it was
 * begun before.
 */
import type { Logger } from 'pino';
import { ownerOf, type View } from '../../../sharder/core/view.ts';
import type { ShardFleet } from '../../providers/shard-fleet.ts';
import type { EventLog } from '../home/event-log.ts';
import { isOpen, type Job, type JobList, withChange } from './job.ts';
import { JobFailed } from './job-failed.ts';
import { JobMoves, type JobMovesParts } from './job-moves.ts';
import { movesOf, nextJob, type RunningJob } from './job-order.ts';
import { pauseUntilAborted } from '../home/leader-lease.ts';
import type { MovePlan } from '../../resharding/plan/move-plan.ts';
import { planBalance, planRemoval } from '../../resharding/plan/plan-moves.ts';
import { RefusedError } from '../../resharding/plan/refused-error.ts';
import { proveEmpty } from './prove-empty.ts';
import type { ShardCaller } from '../home/shard-caller.ts';

/** Tries of one job while shards do not answer or the fleet fails; the pauses between them grow to a minute. */
const triesMax = 8;
const retryMs = 1000;
const retryMsMax = 60_000;

export interface JobRunnerParts extends JobMovesParts {
  fleet: ShardFleet;
  caller: ShardCaller;
  events: EventLog;
  logger: Logger;
}

export class JobRunner {
  private readonly parts: JobRunnerParts;
  private readonly running = new Map<string, RunningJob>();
  private readonly moves: JobMoves;
  private notes: Promise<unknown> = Promise.resolve();

  constructor(parts: JobRunnerParts) {
    this.parts = parts;
    this.moves = new JobMoves(parts, {
      running: this.running,
      note: (job, note) => this.note(job, note),
    });
  }

  /** Until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const works = new Set<Promise<void>>();
    let failure: { error: unknown } | null = null;
    while (!signal.aborted && failure === null) {
      const next = await this.parts.jobs.next((jobs) => nextJob(jobs, this.running), signal);
      if (next === null) continue;
      this.running.set(next.id, { block: null });
      const work = this.carryOut(next, signal)
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => {
          this.running.delete(next.id);
          works.delete(work);
          this.parts.jobs.stir();
        });
      works.add(work);
    }
    await Promise.all(works);
    if (failure !== null) throw (failure as { error: unknown }).error;
  }

  private async carryOut(job: Job, signal: AbortSignal): Promise<void> {
    const { jobs, clock, logger } = this.parts;
    const { signal: aborted, release } = jobs.abortSignal(job.id, signal);
    try {
      if (job.abort) return await this.takeBack(job, signal);
      if (!(await this.begin(job))) return;
      for (let attempt = 0; !signal.aborted; attempt++) {
        try {
          const note = await this.attempt(job, aborted);
          return await this.end(job, 'done', note);
        } catch (error) {
          if (signal.aborted) return;
          if (aborted.aborted) return await this.takeBack(job, signal);
          logger.warn({ err: error, job: job.id }, 'an attempt of a job failed');
          if (error instanceof JobFailed || error instanceof RefusedError || attempt + 1 >= triesMax)
            return await this.giveUp(job, (error as Error).message, signal);
          await this.note(job, `trying again: ${(error as Error).message}`);
          await pauseUntilAborted(clock, Math.min(retryMsMax, retryMs * 2 ** attempt), aborted);
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      // The records could not be written: the job is still open in them, and is taken up again.
      logger.error({ err: error, job: job.id }, 'could not record the end of a job');
      await pauseUntilAborted(clock, retryMs, signal);
    } finally {
      release();
    }
  }

  /** Marks a waiting job as running. False when a client has taken it back, which ends a waiting job. */
  private async begin(job: Job): Promise<boolean> {
    const jobs = await this.parts.jobs.change((list) => {
      const isWaiting = list.some(({ id, state }) => id === job.id && state === 'waiting');
      return isWaiting ? withChange(list, job.id, { state: 'running', note: 'begun' }) : null;
    });
    return jobs.some((current) => current.id === job.id && isOpen(current));
  }

  private attempt(job: Job, signal: AbortSignal): Promise<string> {
    const { work } = job;
    switch (work.kind) {
      case 'add-shard':
        return this.addShard(job, signal);
      case 'remove-shard':
        return this.removeShard(job, work.shard, signal);
      case 'rebalance':
        return this.rebalance(job, work.weights, signal);
      case 'move':
        return this.move(job, work.slots, work.to, signal);
      case 'unknown':
        throw new JobFailed('this version of Vase does not know this kind of job');
    }
  }

  private async addShard(job: Job, signal: AbortSignal): Promise<string> {
    const { fleet, resharder } = this.parts;
    const id = await this.shardIdOf(job);
    let view = await resharder.readView();
    if (!view.shards.some((shard) => shard.id === id)) {
      if (view.nextShard > id) throw new JobFailed(`shard ${id} has come and gone, or was given up`);
      await this.note(job, `making shard ${id}`);
      const made = await fleet.createShard(id, {
        signal,
        report: (step) => this.noteSoon(job, step),
      });
      await this.note(job, `shard ${id} joins`);
      view = await resharder.addShard(made);
    }
    await this.moves.untilDone(job, signal, (current) => planBalance(current, {}));
    return `shard ${id} has its share`;
  }

  /** The id is given once and kept in the job's record, so that a successor completes the same shard. */
  private async shardIdOf(job: Job): Promise<number> {
    if (job.work.kind !== 'add-shard') throw new Error('only an added shard gets an id');
    if (job.work.shard !== null) return job.work.shard;
    const view = await this.parts.resharder.readView();
    const jobs = await this.parts.jobs.change((list) => {
      const current = list.find(({ id }) => id === job.id);
      if (current?.work.kind !== 'add-shard' || current.work.shard !== null) return null;
      return withChange(list, job.id, { work: { kind: 'add-shard', shard: view.nextShard } });
    });
    const given = jobs.find(({ id }) => id === job.id)?.work;
    if (given?.kind !== 'add-shard' || given.shard === null) throw new JobFailed('the job is gone');
    job.work = given;
    return given.shard;
  }

  private async removeShard(job: Job, id: number, signal: AbortSignal): Promise<string> {
    const { resharder, caller } = this.parts;
    const view = await resharder.readView();
    const shard = view.shards.find((candidate) => candidate.id === id);
    if (shard !== undefined) {
      try {
        if (shard.state !== 'draining') await this.markDraining(job, id);
        await this.moves.untilDone(job, signal, (current) => planRemoval(current, id));
        await this.note(job, `proving that shard ${id} is empty`);
        await proveEmpty(caller, shard);
        await resharder.forgetShard(id);
      } catch (error) {
        // An earlier attempt, whose answer was lost, has made the view forget the shard.
        if (!(error instanceof RefusedError && error.code === 'unknown-shard')) throw error;
      }
    }
    // The view is final: an id that it has given and no longer has is never used again.
    const after = await resharder.readView();
    if (after.shards.some((candidate) => candidate.id === id) || id >= after.nextShard)
      throw new JobFailed(`shard ${id} is still in the view`);
    return this.deleteShard(job, id, signal);
  }

  /**
   * Marks the shard only while the job stands: another view server may be leader, and have taken the job back. That server
   * changes the view after the job, so a mark that was decided before is refused.
   */
  private async markDraining(job: Job, id: number): Promise<void> {
    const { resharder, jobs } = this.parts;
    for (;;) {
      const { epoch } = await resharder.readView();
      const current = (await jobs.list()).find((candidate) => candidate.id === job.id);
      if (current === undefined || !isOpen(current) || current.abort)
        throw new Error('the removal was taken back');
      try {
        await resharder.markDraining(id, epoch);
        return;
      } catch (error) {
        if (!(error instanceof RefusedError && error.code === 'stale-plan')) throw error;
      }
    }
  }

  private async deleteShard(job: Job, id: number, signal: AbortSignal): Promise<string> {
    await this.note(job, `deleting shard ${id}`);
    await this.parts.fleet.deleteShard(id, {
      signal,
      report: (step) => this.noteSoon(job, step),
    });
    return `shard ${id} is gone`;
  }

  private async rebalance(
    job: Job,
    weights: Readonly<Record<string, number>> | null,
    signal: AbortSignal,
  ): Promise<string> {
    const given =
      weights === null
        ? {}
        : { weights: new Map(Object.entries(weights).map(([id, weight]) => [Number(id), weight])) };
    await this.moves.untilDone(job, signal, (view) => planBalance(view, given));
    return 'every shard has its share';
  }

  private async move(job: Job, slots: readonly number[], to: number, signal: AbortSignal): Promise<string> {
    await this.moves.untilDone(job, signal, (view) => plansTo(view, slots, to));
    return `shard ${to} has them`;
  }

  /** Takes the job back as far as possible: its moves are undone, a shard that has not joined is deleted, a leaving shard stays. */
  private async takeBack(job: Job, signal: AbortSignal): Promise<void> {
    const { resharder, jobs } = this.parts;
    const { moves } = await resharder.readView();
    for (const move of movesOf(job, moves, await jobs.list())) {
      try {
        await resharder.abort(move.id);
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
      }
    }
    await this.moves.whenNone(job, signal);
    if (job.work.kind === 'remove-shard') await this.keepShard(job, job.work.shard, signal);
    else await this.end(job, 'aborted', (await this.dropUnjoined(job, signal)) || 'taken back');
  }

  private async keepShard(job: Job, id: number, signal: AbortSignal): Promise<void> {
    const { resharder } = this.parts;
    const view = await resharder.unmarkDraining(id);
    if (view.shards.some((shard) => shard.id === id)) {
      const isShort = (await resharder.planRebalance()).some(({ to }) => to === id);
      const rest = isShort ? ' with less than its share; `vase rebalance` evens the slots out' : '';
      return this.end(job, 'aborted', `shard ${id} stays${rest}`);
    }
    // The view never takes the shard back: if the deletion did not end, its members would be left behind.
    await this.end(job, 'done', `${await this.deleteShard(job, id, signal)}: too late to take it back`);
  }

  private async giveUp(job: Job, reason: string, signal: AbortSignal): Promise<void> {
    const { work } = job;
    const rest =
      work.kind === 'remove-shard'
        ? await this.leaveUnremoved(work.shard)
        : await this.dropUnjoined(job, signal);
    await this.end(job, 'failed', [reason, rest].filter(Boolean).join('; '));
  }

  /** A shard that is still in the view takes slots again; of any other, some part may be left. */
  private async leaveUnremoved(id: number): Promise<string> {
    const view = await this.parts.resharder.unmarkDraining(id);
    if (view.shards.some((shard) => shard.id === id)) return `shard ${id} stays`;
    return id < view.nextShard ? `\`vase shard remove ${id}\` deletes what is left of it` : '';
  }

  /**
   * A shard that was being made and is not in the view holds no data: it is deleted. Its id is spent first, so that no request
   * still on its way, from here or from another view server, can make it join.
   */
  private async dropUnjoined({ work }: Job, signal: AbortSignal): Promise<string> {
    if (work.kind !== 'add-shard' || work.shard === null) return '';
    const id = work.shard;
    const { resharder, fleet } = this.parts;
    const view = await resharder.spendId(id);
    if (view.shards.some((shard) => shard.id === id)) return `shard ${id} has joined and stays`;
    await fleet.deleteShard(id, { signal, report: () => undefined });
    return `what there was of shard ${id} is deleted`;
  }

  private async note(job: Job, note: string): Promise<void> {
    await this.notes;
    await this.record(job, { state: 'running', note });
  }

  /** Writes the note before any later one; no caller waits for it. */
  private noteSoon(job: Job, note: string): void {
    this.notes = this.notes.then(() => this.record(job, { state: 'running', note })).catch(() => undefined);
  }

  private async end(job: Job, state: Job['state'], note: string): Promise<void> {
    await this.notes;
    await this.record(job, { state, note, endedAt: new Date().toISOString() });
  }

  private async record(job: Job, change: Partial<Job>): Promise<JobList> {
    const jobs = await this.parts.jobs.change((list) => withChange(list, job.id, change));
    const now = jobs.find(({ id }) => id === job.id);
    if (now !== undefined) this.parts.events.emit('job', now);
    this.parts.logger.info({ job: job.id, ...job.work, ...change }, 'job');
    return jobs;
  }
}

/** The moves that take these slots to `to`, from their present owners. */
export function plansTo(view: View, slots: readonly number[], to: number): MovePlan[] {
  const bySource = new Map<number, number[]>();
  for (const slot of slots) {
    const from = ownerOf(view, slot);
    if (from === to) continue;
    bySource.set(from, [...(bySource.get(from) ?? []), slot]);
  }
  return [...bySource].map(([from, some]) => ({ slots: some.toSorted((a, b) => a - b), from, to }));
}
