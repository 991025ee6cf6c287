import { expect, test } from 'vitest';
import type { Job } from '../../../../cluster/viewserver/jobs/job.ts';
import { describeJob } from '../../../../scripts/context/follow-jobs.ts';

test('a job says that it is being taken back until it has been', () => {
  const job: Job = {
    id: 'a',
    work: { kind: 'remove-shard', shard: 3 },
    state: 'running',
    abort: true,
    note: 'moving 9 slots',
    askedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
  };
  expect(describeJob(job)).toBe('remove shard 3: being taken back, moving 9 slots');
  const ended = { ...job, state: 'aborted' as const, note: 'shard 3 stays', endedAt: job.askedAt };
  expect(describeJob(ended)).toContain('remove shard 3: aborted, shard 3 stays');
  expect(describeJob({ ...job, abort: false })).toBe('remove shard 3: running, moving 9 slots');
});
