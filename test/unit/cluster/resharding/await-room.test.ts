/** A copy waits while its destination is full, says so, and says when it goes on. */
import { expect, test } from 'vitest';
import { awaitRoom } from '../../../../cluster/resharding/await-room.ts';
import { defaultMoverLimits } from '../../../../cluster/resharding/records/mover-limits.ts';
import { ManualClock } from '../../../support/manual-clock.ts';

/** @param fills one for each look; the last goes on. */
function start(fills: readonly (number | null)[]) {
  const clock = new ManualClock();
  const said: (string | null)[] = [];
  let looks = 0;
  let isOver = false;
  const driver = {
    checkOn: () => undefined,
    wait: (block: { shard: number; reason: string } | null) => void said.push(block?.reason ?? null),
  };
  const fillOf = () => fills[Math.min(looks++, fills.length - 1)]!;
  const waited = awaitRoom({ clock, limits: defaultMoverLimits, fillOf }, driver, 2);
  const ended = waited.then(() => (isOver = true));
  return { clock, said, ended, isOver: () => isOver };
}

test.each([[null], [0], [0.79]])('of a shard with room (%s) nothing is said', async (fill) => {
  const { said, ended } = start([fill]);
  await ended;
  expect(said).toEqual([]);
});

test('a full shard is waited for, and what was said is taken back', async () => {
  const { clock, said, ended, isOver } = start([0.8, 0.9, 0.5]);
  const full = (percent: number) => `shard 2 is ${percent} % full; its copy goes on below 80 % of its quota`;
  expect(said).toEqual([full(80)]);
  await clock.advance(defaultMoverLimits.roomPollMs);
  expect(said).toEqual([full(80), full(90)]);
  expect(isOver()).toBe(false);
  await clock.advance(defaultMoverLimits.roomPollMs);
  await ended;
  expect(said).toEqual([full(80), full(90), null]);
});
