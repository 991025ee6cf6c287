/** The moves of a job: proposes them until nothing is left to move, waits for them, and reports when they are blocked. */
import type { Clock } from '../../../sharder/core/ports.ts';
import type { MoveRecord, View } from '../../../sharder/core/view.ts';
import { counted } from '../../providers/steps.ts';
import type { Job } from './job.ts';
import { JobFailed } from './job-failed.ts';
import { movesOf, type RunningJob } from './job-order.ts';
import type { JobStore } from './job-store.ts';
import { describeBlock } from './job-waits.ts';
import type { FailedMove, MovePlan } from '../../resharding/plan/move-plan.ts';
import { RefusedError } from '../../resharding/plan/refused-error.ts';
import type { Resharder } from '../../resharding/resharder.ts';
import type { Room } from './room.ts';
import type { NewestView } from '../home/newest-view.ts';

/** A round ends when its moves have ended; each finds less to do. More rounds than this mean that something undoes them. */
const roundsMax = 20;
/** How often a waiting job checks whether its moves go on, and why not. */
const lookMs = 1000;

export interface JobMovesParts {
  jobs: JobStore;
  view: NewestView;
  resharder: Resharder;
  room: Room;
  clock: Clock;
}

interface MoveSize {
  slotsMax: number;
  /** What the job's note says of the size. */
  rest: string;
}

/** Slots that fail together may succeed in smaller moves: a quarter of them at a time. @throws JobFailed for a slot alone. */
function sizeAfter(size: MoveSize, failures: readonly FailedMove[]): MoveSize {
  const [largest] = failures.toSorted((a, b) => b.slots.length - a.slots.length);
  if (largest === undefined) return size;
  const { slots, from, to, reason } = largest;
  if (slots.length === 1)
    throw new JobFailed(`slot ${slots[0]} could not be moved from shard ${from} to shard ${to}: ${reason}`);
  const slotsMax = Math.ceil(slots.length / 4);
  return { slotsMax, rest: `, ${slotsMax} at a time, since ${slots.length} failed together: ${reason}` };
}

/** The running jobs and their notes. */
interface Report {
  running: ReadonlyMap<string, RunningJob>;
  note: (job: Job, note: string) => Promise<void>;
}

export class JobMoves {
  private readonly parts: JobMovesParts;
  private readonly running: Report['running'];
  private readonly note: Report['note'];

  constructor(parts: JobMovesParts, { running, note }: Report) {
    this.parts = parts;
    this.running = running;
    this.note = note;
  }

  /**
   * Proposes moves and waits until none of the job's is left, again and again until there is nothing to propose. After failed
   * moves the next ones have fewer slots.
   * @throws JobFailed when a slot that was alone in its move failed, RefusedError `shard-full`
   * @param plan of a view in which no slot of the job is on its way.
   */
  async untilDone(job: Job, signal: AbortSignal, plan: (view: View) => readonly MovePlan[]): Promise<void> {
    const { resharder } = this.parts;
    let size: MoveSize = { slotsMax: Infinity, rest: '' };
    let proposed: readonly string[] = [];
    for (let round = 0; round < roundsMax; round++) {
      const known = await this.whenNone(job, signal);
      const plans = plan(known);
      if (plans.length === 0) return;
      const failures = resharder.failures();
      size = sizeAfter(
        size,
        failures.filter(({ id }) => proposed.includes(id)),
      );
      await this.parts.room.demand(known, plans);
      signal.throwIfAborted();
      const slots = plans.reduce((sum, { slots: some }) => sum + some.length, 0);
      await this.note(job, `moving ${slots} slots${size.rest}`);
      try {
        const { moves } = await resharder.propose(plans, size.slotsMax);
        proposed = moves.map(({ id }) => id);
      } catch (error) {
        // Another process moves slots at the same time: the next round plans on the new view.
        if (!(error instanceof RefusedError) || !['stale-plan', 'slots-in-move'].includes(error.code))
          throw error;
      }
    }
    throw new JobFailed(`slots still have to be moved after ${roundsMax} rounds`);
  }

  /**
   * Resolves when none of the job's moves is left, as read from the home shard itself: the watch's view may be old if the shard
   * did not answer it. Until then the job's note names the shard that its moves wait for, if they do.
   */
  async whenNone(job: Job, signal: AbortSignal): Promise<View> {
    const { resharder, jobs, view } = this.parts;
    try {
      for (;;) {
        const known = await resharder.readView();
        const list = await jobs.list();
        const moves = movesOf(job, known.moves, list);
        if (moves.length === 0) return known;
        await this.noteBlock(job, moves);
        const look = AbortSignal.timeout(lookMs);
        const isNews = (newer: View) =>
          newer.epoch > known.epoch && movesOf(job, newer.moves, list).length === 0;
        await view.until(isNews, AbortSignal.any([signal, look])).catch((error: unknown) => {
          if (!look.aborted || signal.aborted) throw error;
        });
      }
    } finally {
      this.setBlock(job, null);
    }
  }

  /** Writes the note when the job gets stuck, and when it goes on. */
  private async noteBlock(job: Job, moves: readonly MoveRecord[]): Promise<void> {
    const { resharder, clock } = this.parts;
    const progress = resharder.progress();
    const before = this.running.get(job.id)?.block ?? null;
    const block = describeBlock({ moves, progress, nowMs: clock.nowMs(), now: new Date() });
    this.setBlock(job, block);
    if ((block === null) === (before === null)) return;
    await this.note(job, block ?? `${counted(moves.length, 'move')} under way again`);
  }

  private setBlock({ id }: Job, block: string | null): void {
    const running = this.running.get(id);
    if (running === undefined || running.block === block) return;
    running.block = block;
    this.parts.jobs.stir();
  }
}
