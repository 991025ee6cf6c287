// When it is noticed that an attempt is stuck, or overdue, whatever others wait for.
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import { OverdueAttempts } from '../../../sharder/etcd/client/overdue-attempts.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const { stuckMs, overdueMs } = defaultLimits;

function attempts() {
  const clock = new ManualClock();
  const told = { stuck: 0, overdue: 0 };
  const overdue = new OverdueAttempts({
    clock,
    limits: defaultLimits,
    onStuck: () => told.stuck++,
    onOverdue: () => told.overdue++,
  });
  const begin = (stuckAfterMs: number) =>
    overdue.begin({
      endpoint: 'a:1',
      term: 1,
      stuckAfterMs,
      onServedAt: () => undefined,
      end: () => undefined,
    });
  return { clock, told, overdue, begin };
}

test('one is stuck after its own time, and overdue after that of all', async () => {
  const { clock, told, begin } = attempts();
  begin(stuckMs);
  await clock.advance(stuckMs);
  expect(told).toEqual({ stuck: 1, overdue: 0 });
  await clock.advance(overdueMs - stuckMs);
  expect(told).toEqual({ stuck: 1, overdue: 1 });
  expect(clock.pending).toBe(0);
});

test('one that begins while another may take long yet is noticed soon all the same', async () => {
  const { clock, told, overdue, begin } = attempts();
  const patient = begin(4000);
  await clock.advance(overdueMs + 10);
  expect(told).toEqual({ stuck: 0, overdue: 1 });
  overdue.onEnded(patient);
  begin(stuckMs);
  await clock.advance(overdueMs + stuckMs);
  expect(told).toEqual({ stuck: 1, overdue: 2 });
});
