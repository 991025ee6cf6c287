import { expect, test } from 'vitest';
import { exitCodeOf, type LiveResult } from '../../../../scripts/live/live-result.ts';

type Judged = Pick<LiveResult, 'verdict' | 'isHealthy' | 'shortcomings'>;
const fine: Judged = { verdict: 'ok', isHealthy: true, shortcomings: [] };

test.each<[string, Partial<Judged>, number]>([
  ['linearizable, healthy and busy', {}, 0],
  ['too little happened', { shortcomings: ['no fault of the kind kill_leader fell'] }, 1],
  ['not healthy after healing', { isHealthy: false, shortcomings: ['etcd-1-0 does not run'] }, 3],
  ['not linearizable, healthy or not', { verdict: 'illegal', isHealthy: false }, 4],
  ['undecided', { verdict: 'unknown' }, 6],
])('%s', (_, differing, exitCode) => {
  expect(exitCodeOf({ ...fine, ...differing } as LiveResult)).toBe(exitCode);
});
