/**
 * The requested changes, as records in the home shard: any view server that becomes leader goes on with them from there.
 * Every step of a job reads the present state first, so a repeated step is harmless.
 */
import {
  asCount,
  asList,
  asObject,
  asText,
  type Others,
  othersOf,
} from '../../../sharder/core/record-fields.ts';

export const JOBS_KEY = 'vase/jobs';

/** Jobs that have not ended; past it requests are refused. */
const openJobsMax = 32;
/** Ended jobs that are remembered, so that a repeated request is not carried out twice. */
const endedJobsMax = 64;

export type JobWork =
  /** `shard` is null until its id is given. */
  | { kind: 'add-shard'; shard: number | null }
  | { kind: 'remove-shard'; shard: number }
  /** `weights`: shares of slots by shard id; null: equal ones. */
  | { kind: 'rebalance'; weights: Readonly<Record<string, number>> | null }
  | { kind: 'move'; slots: readonly number[]; to: number }
  /** A later version's job: it is kept as it was recorded, and neither begun nor waited for. */
  | { kind: 'unknown'; recorded: Readonly<Record<string, unknown>> };

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'aborted';

export interface Job {
  /** The client gives it, so that asking again does nothing. */
  id: string;
  work: JobWork;
  state: JobState;
  /** The client has taken the job back: it ends, and moves under way are undone where that is still possible. */
  abort: boolean;
  /** What is being done, or why it ended as it did. */
  note: string;
  /** ISO 8601. */
  askedAt: string;
  endedAt: string | null;
  /** Of a later version: kept as they are. */
  others?: Others;
}

export type JobList = readonly Job[];

export function isOpen(job: Job): boolean {
  return job.state === 'waiting' || job.state === 'running';
}

/** The list with the jobs whose ids it does not have yet; null when there are none, or no room for all of them. */
export function withJobs(jobs: JobList, wanted: readonly Job[]): JobList | null {
  const added = wanted.filter((job) => !jobs.some(({ id }) => id === job.id));
  if (added.length === 0 || jobs.filter(isOpen).length + added.length > openJobsMax) return null;
  return [...jobs, ...added];
}

/** The list with the job changed, and without ended jobs above the bound; null when the job is not in it or has ended. */
export function withChange(jobs: JobList, id: string, change: Partial<Job>): JobList | null {
  const found = jobs.find((job) => job.id === id);
  if (found === undefined || !isOpen(found)) return null;
  const changed = jobs.map((job) => (job.id === id ? { ...job, ...change } : job));
  const ended = changed.filter((job) => !isOpen(job));
  const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - endedJobsMax)));
  return changed.filter((job) => !forgotten.has(job));
}

/** The list with the job taken back; a waiting job, or one of an unknown kind, ends. Null when the job is not in it or has ended. */
export function withTakenBack(jobs: JobList, id: string): JobList | null {
  const job = jobs.find((each) => each.id === id);
  const isUnknown = job?.work.kind === 'unknown';
  const end = {
    state: 'aborted',
    note: isUnknown ? 'taken back; this version does not know what it was' : 'taken back before it began',
    endedAt: new Date().toISOString(),
  } as const;
  return withChange(jobs, id, { abort: true, ...(isUnknown || job?.state === 'waiting' ? end : {}) });
}

export interface JobsRecord {
  jobs: JobList;
  /** Of a later version: kept as they are. */
  others?: Others;
}

export function encodeJobs({ jobs, others: beside }: JobsRecord): object {
  const encoded = jobs.map(({ others, ...job }) => ({
    ...others,
    ...job,
    work: job.work.kind === 'unknown' ? job.work.recorded : job.work,
  }));
  return { ...beside, format: 1, jobs: encoded };
}

/** @param raw null: there is none. @throws Error when it is no list of a known format. */
export function decodeJobs(raw: unknown): JobsRecord {
  if (raw === null) return { jobs: [] };
  const record = asObject(raw, 'jobs');
  if (record['format'] !== 1) throw new Error(`jobs have format ${String(record['format'])}; this knows 1`);
  return { jobs: asList(record['jobs'], 'jobs').map(decodeJob), ...othersOf(record, ['format', 'jobs']) };
}

function decodeJob(raw: unknown): Job {
  const job = asObject(raw, 'job');
  const endedAt = job['endedAt'];
  return {
    id: asText(job['id'], 'id'),
    work: decodeWork(asObject(job['work'], 'work')),
    state: asText(job['state'], 'state') as JobState,
    abort: job['abort'] === true,
    note: asNote(job['note']),
    askedAt: asText(job['askedAt'], 'askedAt'),
    endedAt: typeof endedAt === 'string' ? endedAt : null,
    ...othersOf(job, ['id', 'work', 'state', 'abort', 'note', 'askedAt', 'endedAt']),
  };
}

/** The note may be empty: one unreadable job would make all jobs unreadable. */
function asNote(raw: unknown): string {
  if (typeof raw !== 'string') throw new Error('note must be a string');
  return raw;
}

function decodeWork(work: Record<string, unknown>): JobWork {
  switch (work['kind']) {
    case 'add-shard':
      return { kind: 'add-shard', shard: work['shard'] === null ? null : asCount(work['shard'], 'shard') };
    case 'remove-shard':
      return { kind: 'remove-shard', shard: asCount(work['shard'], 'shard') };
    case 'rebalance':
      return { kind: 'rebalance', weights: work['weights'] as Record<string, number> | null };
    case 'move':
      return {
        kind: 'move',
        slots: asList(work['slots'], 'slots').map((slot) => asCount(slot, 'slot')),
        to: asCount(work['to'], 'to'),
      };
    default:
      asText(work['kind'], 'kind');
      return { kind: 'unknown', recorded: work };
  }
}
