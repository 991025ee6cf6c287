import { expect, test } from 'vitest';
import { HoldingPen } from '../../../sharder/core/holding-pen.ts';
import { defaultLimits } from '../../../sharder/core/limits.ts';
import type { Outcome } from '../../../sharder/core/operation.ts';
import { createPending } from '../../../sharder/core/pending.ts';
import { World } from '../../../sim/run/world/world.ts';

/** A pen in virtual time, whose slots get an owner at a moment. */
function run(
  ownedAtMs: number,
): Promise<{ released: number[]; failed: { atMs: number; outcome: Outcome }[] }> {
  const world = new World({ seed: 1 });
  const { clock } = world.addProcess('sharder');
  const released: number[] = [];
  const failed: { atMs: number; outcome: Outcome }[] = [];
  const pen = new HoldingPen({
    clock,
    limits: defaultLimits,
    seekOwner: (_, found) => world.nowMs >= ownedAtMs && found(),
    release: () => released.push(world.nowMs),
  });
  const settle = (outcome: Outcome) => failed.push({ atMs: world.nowMs, outcome });
  for (const key of ['a', 'b']) pen.hold(createPending({ kind: 'get', key }, 7, 5000, settle));
  return world.run({ untilMs: 10_000 }).then(() => ({ released, failed }));
}

test('what is held goes on soon after its slot has an owner', async () => {
  const { released, failed } = await run(20);
  expect(released).toHaveLength(2);
  expect(Math.max(...released)).toBeLessThan(20 * 1.6);
  expect(failed).toEqual([]);
});

test('what is held too long fails, definitely, and no later than it should', async () => {
  const { released, failed } = await run(Infinity);
  expect(released).toEqual([]);
  expect(failed.map(({ outcome }) => outcome.kind)).toEqual(['failed', 'failed']);
  const late = failed.map(({ atMs }) => atMs - defaultLimits.heldMsMax);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...late)).toBeLessThanOrEqual(defaultLimits.heldPollMsMax);
});
