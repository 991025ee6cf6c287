import { expect, test } from 'vitest';
import {
  decodeJobs,
  encodeJobs,
  isOpen,
  type Job,
  withChange,
  withTakenBack,
} from '../../../../../cluster/viewserver/jobs/job.ts';
import { nextJob } from '../../../../../cluster/viewserver/jobs/job-order.ts';

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
  expect(decodeJobs(JSON.parse(JSON.stringify(encodeJobs(jobs))))).toEqual(jobs);
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
  const recorded = { format: 1, jobs: [later, open] };
  const jobs = decodeJobs(recorded);
  expect(nextJob(jobs, new Map())?.id).toBe('ours');
  const changed = withChange(jobs, 'ours', { state: 'running' })!;
  expect(JSON.parse(JSON.stringify(encodeJobs(changed))).jobs).toEqual([
    later,
    { ...open, state: 'running' },
  ]);
  const takenBack = withTakenBack(jobs, 'later')!.find(({ id }) => id === 'later')!;
  expect(isOpen(takenBack)).toBe(false);
  expect(takenBack.note).toContain('does not know');
});
