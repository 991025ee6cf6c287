/**
 * Decides which jobs run side by side, and which moves belong to a job: pure. A job that may touch every shard runs alone,
 * except beside jobs that a silent shard blocks: no job waits for those.
 */
import type { MoveRecord } from '../../../sharder/core/view.ts';
import { isOpen, type Job } from './job.ts';

/** Jobs that are carried out at the same time. */
const jobsAtOnceMax = 4;

export interface RunningJob {
  /** Why the job is blocked; null while it is not. */
  block: string | null;
}

/**
 * The oldest open job that may begin: no earlier job, running or waiting, concerns the same slots, unless that one is
 * blocked. Null when there is none, or when as many run as may.
 */
export function nextJob(jobs: readonly Job[], running: ReadonlyMap<string, RunningJob>): Job | null {
  if ([...running.values()].filter(({ block }) => block === null).length >= jobsAtOnceMax) return null;
  const before: Job[] = [];
  const isBlocked = ({ id }: Job) => (running.get(id)?.block ?? null) !== null;
  for (const job of jobs.filter((each) => isOpen(each) && each.work.kind !== 'unknown')) {
    if (!running.has(job.id) && !before.some((earlier) => waitsFor(job, earlier, isBlocked(earlier))))
      return job;
    before.push(job);
  }
  return null;
}

/** Jobs that name the same slots run in the order in which they were asked for, blocked or not. */
function waitsFor({ work }: Job, { work: earlier }: Job, isBlocked: boolean): boolean {
  if (work.kind === 'move' && earlier.kind === 'move') return shares(work.slots, earlier.slots);
  return !isBlocked;
}

/** The view's moves that the job waits for and takes back: all whose slots no other running job has named. */
export function movesOf(job: Job, moves: readonly MoveRecord[], jobs: readonly Job[]): readonly MoveRecord[] {
  const { work } = job;
  if (work.kind === 'move') return moves.filter(({ slots }) => shares(slots, work.slots));
  const others = jobs.flatMap(({ id, state, work: other }) =>
    id !== job.id && state === 'running' && other.kind === 'move' ? other.slots : [],
  );
  const isOwn = ({ slots, from, to }: MoveRecord) =>
    (work.kind === 'remove-shard' && (from === work.shard || to === work.shard)) || !shares(slots, others);
  return moves.filter(isOwn);
}

function shares(slots: readonly number[], others: readonly number[]): boolean {
  const all = new Set(others);
  return slots.some((slot) => all.has(slot));
}
