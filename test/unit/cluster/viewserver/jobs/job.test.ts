import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import {
  decodeJobs,
  encodeJobs,
  isOpen,
  type Job,
  withChange,
  withTakenBack,
} from '../../../../../cluster/viewserver/jobs/job.ts';
import { JobStore } from '../../../../../cluster/viewserver/jobs/job-store.ts';
import { nextJob } from '../../../../../cluster/viewserver/jobs/job-order.ts';
import { ShardCaller } from '../../../../../cluster/viewserver/home/shard-caller.ts';
import { systemClock } from '../../../../../sharder/system-clock.ts';
import { MemoryCluster } from '../memory-cluster.ts';

const job: Job = {
  id: 'a',
  work: { kind: 'rebalance', weights: null },
  state: 'aborted',
  abort: true,
  note: '',
  askedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
};

test('a job without a word can be read, and the jobs beside it', () => {
  const jobs = [job, { ...job, id: 'b', note: 'taken back' }];
  expect(decodeJobs(JSON.parse(JSON.stringify(encodeJobs({ jobs }))))).toEqual({ jobs });
  expect(() => decodeJobs({ format: 1, jobs: [{ ...job, note: null }] })).toThrow('note must be a string');
});

test('a job of a kind that only a later version knows is passed over, kept as it was, and can be taken back', () => {
  const later = {
    ...job,
    id: 'later',
    work: { kind: 'compress', level: 3 },
    state: 'running',
    endedAt: null,
    pace: 7,
  };
  const open = { ...job, id: 'ours', abort: false, state: 'waiting', endedAt: null };
  const record = decodeJobs({ pool: 'later', format: 1, jobs: [later, open] });
  const { jobs } = record;
  expect(nextJob(jobs, new Map())?.id).toBe('ours');
  const changed = withChange(jobs, 'ours', { state: 'running' })!;
  expect(JSON.parse(JSON.stringify(encodeJobs({ ...record, jobs: changed })))).toEqual({
    pool: 'later',
    format: 1,
    jobs: [later, { ...open, state: 'running' }],
  });
  const takenBack = withTakenBack(jobs, 'later')!.find(({ id }) => id === 'later')!;
  expect(isOpen(takenBack)).toBe(false);
  expect(takenBack.note).toContain('does not know');
});

test('whoever changes the jobs gets them back as they are read, not as they are written', async () => {
  const cluster = new MemoryCluster(1);
  const later = { ...job, id: 'later', work: { kind: 'compress' }, state: 'running' as const, endedAt: null };
  cluster.setJobs([later as unknown as Job]);

  const home = new ShardCaller(cluster).client(cluster.view.shards[0]!);
  onTestFinished(() => home.close());
  const store = new JobStore({ home, clock: systemClock, logger: pino({ level: 'silent' }) });
  const [changed] = await store.change((jobs) => withTakenBack(jobs, 'later'));
  expect(changed).toMatchObject({
    work: { kind: 'unknown', recorded: { kind: 'compress' } },
    state: 'aborted',
  });
  expect(cluster.jobs).toMatchObject([{ work: { kind: 'compress' }, state: 'aborted' }]);
});
