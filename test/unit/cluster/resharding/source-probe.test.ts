/** When the slots may stop: a source that answers quickly at once, a slow one when it is as quick as it ever is, or at last. */
import { expect, test } from 'vitest';
import type { MoverContext } from '../../../../cluster/resharding/mover-context.ts';
import { SourceProbe } from '../../../../cluster/resharding/source-probe.ts';
import { defaultMoverLimits } from '../../../../cluster/resharding/records/mover-limits.ts';

const limits = { ...defaultMoverLimits, freezeProbeMs: 10, freezeProbesPatient: 3, freezeProbeMsMax: 250 };

/** Whether the moment is right after each of these probes, one after the other. */
function judged(tookMs: readonly number[], quickestProbes = new Map<number, number>()): boolean[] {
  const context = { limits, quickestProbes } as Pick<MoverContext, 'limits' | 'quickestProbes'>;
  const copied = { move: { from: 1 } } as ConstructorParameters<typeof SourceProbe>[1];
  const probe = new SourceProbe(context as MoverContext, copied);
  return tookMs.map((each, index) => probe.judge(each, index + 1));
}

test('what is as quick as is hoped for is good at once, and what is slower is not', () => {
  expect(judged([10])).toEqual([true]);
  expect(judged([10.5])).toEqual([false]);
});

test('what is nearly as quick as the quickest that was seen is good', () => {
  expect(judged([40, 60])).toEqual([false, true]);
  expect(judged([40, 61])).toEqual([false, false]);
  expect(judged([60, 40, 61])).toEqual([false, true, false]);
});

test('of another shard nothing is known', () => {
  expect(judged([30], new Map([[2, 30]]))).toEqual([false]);
  expect(judged([30], new Map([[1, 30]]))).toEqual([true]);
});

test('one that did not come in time tells nothing of what is quick', () => {
  expect(judged([Infinity, 400])).toEqual([false, false]);
});

test('after a few probes patience ends', () => {
  expect(judged([300, 900, 700, 250])).toEqual([false, false, false, true]);
  expect(judged([100, 900, 900, 251])).toEqual([false, false, false, false]);
});
