import { expect, test } from 'vitest';
import { ProgressMeter } from '../../../../../cluster/viewserver/jobs/progress-meter.ts';
import { initialView, type View } from '../../../../../sharder/core/view.ts';
import { systemClock } from '../../../../../sharder/system-clock.ts';

test('a move that is undone has moved nothing', () => {
  const meter = new ProgressMeter({ clock: systemClock, readMoves: () => [] });
  const idle = initialView([1, 2].map((id) => ({ id, endpoints: [`shard-${id}:2379`] })));
  const from = idle.slots[0]!;
  const slots = idle.slots.flatMap((owner, slot) => (owner === from ? [slot] : [])).slice(0, 10);
  const moves = [slots.slice(0, 4), slots.slice(4)].map((some, index) => ({
    id: `2.${index}`,
    slots: some,
    from,
    to: 3 - from,
    abort: false,
  }));
  const moved = (some: readonly number[]): View['slots'] =>
    idle.slots.map((owner, slot) => (some.includes(slot) ? 3 - from : owner));
  meter.learn({ ...idle, moves });
  expect(meter.progress).toMatchObject({ slotsTotal: 10, slotsMoved: 0 });
  meter.learn({ ...idle, slots: moved(moves[0]!.slots), moves: [{ ...moves[1]!, abort: true }] });
  expect(meter.progress).toMatchObject({ slotsTotal: 10, slotsMoved: 4 });
  meter.learn({ ...idle, slots: moved(moves[0]!.slots), moves: [] });
  expect(meter.progress).toMatchObject({ slotsTotal: 4, slotsMoved: 4, secondsLeft: 0 });
  meter.stop();
});
