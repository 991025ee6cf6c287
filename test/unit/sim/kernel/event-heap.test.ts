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
