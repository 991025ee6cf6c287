import { describe, expect, test } from 'vitest';
import { Gate } from '../../../../cluster/resharding/gate.ts';
import { systemClock } from '../../../../sharder/system-clock.ts';

function later(): { ended: Promise<void>; end: () => void } {
  let end!: () => void;
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { ended, end };
}

describe('a gate', () => {
  test('lets so many pass at a time, the others in their order, whatever becomes of those before', async () => {
    const gate = new Gate(1);
    const first = later();
    const passed: string[] = [];
    const all = [
      gate.pass(async () => {
        await first.ended;
        throw new Error('broken');
      }),
      gate.pass(async () => void passed.push('second')),
      gate.pass(async () => void passed.push('third')),
    ];
    await Promise.resolve();
    expect(passed).toEqual([]);
    first.end();
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(passed).toEqual(['second', 'third']);
  });

  test('tells who yields when the last has left, and lets nobody wait for longer than the bound', async () => {
    const gate = new Gate(2);
    await gate.whenEmpty(systemClock, 60_000);
    const [one, two] = [later(), later()];
    const inside = [gate.pass(() => one.ended), gate.pass(() => two.ended)];
    await gate.whenEmpty(systemClock, 1);
    let isEmpty = false;
    const empty = gate.whenEmpty(systemClock, 60_000).then(() => (isEmpty = true));
    one.end();
    await inside[0];
    expect(isEmpty).toBe(false);
    two.end();
    await empty;
  });
});
