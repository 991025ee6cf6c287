import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventHeap, ScheduledEvent } from '../../../../sim/kernel/event-heap.ts';

test('events come out by time, and those of one time in the order of scheduling', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant('pop' as const))), (steps) => {
      const heap = new EventHeap();
      // The dumb twin: sort everything, every time.
      let twin: ScheduledEvent[] = [];
      let sequence = 0;
      for (const step of steps) {
        if (step === 'pop') {
          twin = twin.toSorted((one, other) => one.atUs - other.atUs || one.sequence - other.sequence);
          expect(heap.peek()).toBe(twin[0]);
          expect(heap.pop()).toBe(twin.shift());
        } else {
          const event = new ScheduledEvent(step, sequence++, () => undefined, undefined);
          heap.push(event);
          twin.push(event);
        }
        expect(heap.size).toBe(twin.length);
      }
    }),
  );
});

test('what is cancelled is dropped before its time, and the rest comes out in the same order', () => {
  const heap = new EventHeap();
  const kept: ScheduledEvent[] = [];
  let largest = 0;
  for (let sequence = 0; sequence < 10_000; sequence++) {
    const event = new ScheduledEvent((sequence * 7919) % 1000, sequence, () => undefined, undefined);
    heap.push(event);
    if (sequence % 50 === 0) kept.push(event);
    else event.cancel();
    largest = Math.max(largest, heap.size);
  }
  expect(largest).toBeLessThanOrEqual(2 * kept.length);
  const popped: ScheduledEvent[] = [];
  for (let event = heap.pop(); event !== undefined; event = heap.pop())
    if (event.run !== null) popped.push(event);
  expect(popped).toEqual(
    kept.toSorted((one, other) => one.atUs - other.atUs || one.sequence - other.sequence),
  );
});
