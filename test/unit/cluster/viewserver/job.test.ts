import { expect, test } from 'vitest';
import { decodeJobs, encodeJobs, type Job } from '../../../../cluster/viewserver/job.ts';

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
