/** The jobs in the home shard, and the signal that wakes up code that waits for one. */
import type { Logger } from 'pino';
import type { Clock } from '../../../sharder/core/ports.ts';
import type { ShardClient } from '../../../sharder/core/shard-client.ts';
import { HomeRecord } from '../home/home-record.ts';
import { decodeJobs, encodeJobs, type Job, type JobList, JOBS_KEY, type JobsRecord } from './job.ts';
import { pauseUntilAborted } from '../home/leader-lease.ts';

/** Another view server may have recorded a job: reading this often finds it. */
const rereadMs = 1000;

export class JobStore {
  private readonly record: HomeRecord<JobsRecord>;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private wake = new AbortController();

  constructor({ home, clock, logger }: { home: ShardClient; clock: Clock; logger: Logger }) {
    this.clock = clock;
    this.logger = logger;
    this.record = new HomeRecord({ home, key: JOBS_KEY, decode: decodeJobs, encode: encodeJobs });
  }

  /** @throws ClusterError when the home shard does not answer. */
  async list(): Promise<JobList> {
    return (await this.record.read()).value.jobs;
  }

  /** @param change null for no change. Returns the jobs as they are then. @throws ClusterError as `list`. */
  async change(change: (jobs: JobList) => JobList | null): Promise<JobList> {
    const { jobs } = await this.record.update((before) => {
      const after = change(before.jobs);
      return after === null ? null : { ...before, jobs: after };
    });
    this.stir();
    return jobs;
  }

  /** Makes code that waits for a job look again. */
  stir(): void {
    this.wake.abort();
    this.wake = new AbortController();
  }

  /** Resolves with the job that `pick` takes; with null after a while without one, at the signal, or when the jobs are unreadable. */
  async next(pick: (jobs: JobList) => Job | null, signal: AbortSignal): Promise<Job | null> {
    const woken = this.wake.signal;
    const job = await this.list().then(pick, (error: unknown) => {
      this.logger.warn({ err: error }, 'could not read the jobs');
      return null;
    });
    if (job === null) await pauseUntilAborted(this.clock, rereadMs, AbortSignal.any([signal, woken]));
    return job;
  }

  /** Aborts when the outer one does, or soon after the job is taken back. */
  abortSignal(id: string, outer: AbortSignal): { signal: AbortSignal; release: () => void } {
    const takenBack = new AbortController();
    const ended = new AbortController();
    const until = AbortSignal.any([outer, ended.signal]);
    void this.watchFor(id, until, () => takenBack.abort(new Error('the job was taken back')));
    return { signal: AbortSignal.any([outer, takenBack.signal]), release: () => ended.abort() };
  }

  private async watchFor(id: string, until: AbortSignal, onAbort: () => void): Promise<void> {
    while (!until.aborted) {
      const woken = this.wake.signal;
      const jobs = await this.list().catch(() => []);
      if (jobs.some((job) => job.id === id && job.abort)) return onAbort();
      await pauseUntilAborted(this.clock, rereadMs, AbortSignal.any([until, woken]));
    }
  }
}
