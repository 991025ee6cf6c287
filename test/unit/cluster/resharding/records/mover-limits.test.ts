import { expect, test } from 'vitest';
import { defaultMoverLimits, quickEnoughMs } from '../../../../../cluster/resharding/records/mover-limits.ts';

const { freezeMsMax, freezeProbeMsMax, freezeProbesPatient } = defaultMoverLimits;
const bounds = (limits: typeof defaultMoverLimits) =>
  Array.from({ length: 40 }, (_, index) => quickEnoughMs(limits, index + 1));

test('a probe may take longer and longer, and never so long that the slots would go back', () => {
  const allowed = bounds(defaultMoverLimits);
  expect(allowed.slice(0, freezeProbesPatient + 1).every((ms) => ms === freezeProbeMsMax)).toBe(true);
  expect(allowed).toEqual(allowed.toSorted((a, b) => a - b));
  expect(allowed[freezeProbesPatient + 2]).toBeGreaterThan(freezeProbeMsMax);
  expect(allowed.at(-1)).toBe(0.75 * freezeMsMax);
});

test('a tight bound of the hand-over leaves a probe the time that it always had', () => {
  expect(bounds({ ...defaultMoverLimits, freezeMsMax: 100 })).toEqual(Array(40).fill(freezeProbeMsMax));
});
