/** What requests hold of a budget, who gets how much of it, and that all of it comes back. */
import { Socket } from 'node:net';
import { once } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { connectionOf } from '../../../sharder/http/connection.ts';
import { Lifetime } from '../../../sharder/http/lifetime.ts';
import { type Hold, MemoryBudget } from '../../../sharder/http/memory-budget.ts';

const begin = (socket = new Socket()) => new Lifetime(connectionOf(socket));

test('a party may hold as much as is free: alone it gets half, and who comes later finds room', () => {
  const budget = new MemoryBudget('bodies', 1200);
  expect(budget.take(begin(), 'greedy', 601)).toBeNull();
  expect(budget.take(begin(), 'greedy', 600)).not.toBeNull();
  expect(budget.take(begin(), 'greedy', 1)).toBeNull();
  expect(budget.take(begin(), 'second', 300)).not.toBeNull();
  expect(budget.take(begin(), 'second', 1)).toBeNull();
  expect(budget.take(begin(), 'third', 150)).not.toBeNull();
  expect(budget.heldBytes).toBe(1050);
});

test('what is held changes hands at once, or not at all', () => {
  const budget = new MemoryBudget('bodies', 1000);
  const reading = budget.take(begin(), 'reading', 400)!;
  budget.take(begin(), 'shard-2', 200);
  expect(
    reading.change([
      ['shard-1', 100],
      ['shard-2', 400],
    ]),
  ).toBe(false);
  expect(Object.fromEntries(budget.heldByParty as Map<string, number>)).toEqual({
    reading: 400,
    'shard-2': 200,
  });
  expect(
    reading.change([
      ['shard-1', 200],
      ['shard-2', 100],
    ]),
  ).toBe(true);
  expect(Object.fromEntries(budget.heldByParty as Map<string, number>)).toEqual({
    'shard-1': 200,
    'shard-2': 300,
  });
});

test('all of it comes back when the connection closes, and nothing can be taken for one that has gone', async () => {
  const budget = new MemoryBudget('bodies', 1000);
  const socket = new Socket();
  const lifetime = begin(socket);
  const hold = budget.take(lifetime, 'reading', 300)!;
  budget.take(lifetime, 'shard-1', 100);
  socket.destroy();
  await once(socket, 'close');
  expect([budget.heldBytes, budget.holds]).toEqual([0, 0]);
  expect(hold.change([['shard-1', 100]])).toBe(false);
  hold.giveUp();
  expect([budget.heldBytes, budget.holds]).toEqual([0, 0]);
  for (const late of [lifetime, begin(socket)]) {
    expect(budget.take(late, 'reading', 1)).toBeNull();
    let released = 0;
    expect(late.keep({ release: () => released++ })).toBe(false);
    expect(released).toBe(1);
  }
  expect([budget.heldBytes, budget.holds]).toEqual([0, 0]);
});

test('whatever is taken, changed and given up in whatever order, the books are right and end at zero', () => {
  const party = fc.constantFrom('a', 'b', 'c');
  const bytes = fc.integer({ min: 0, max: 400 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant('take' as const), owner: fc.nat(3), party, bytes }),
    fc.record({
      kind: fc.constant('change' as const),
      hold: fc.nat(),
      shares: fc.array(fc.tuple(party, bytes), { maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('giveUp' as const), hold: fc.nat() }),
    fc.record({ kind: fc.constant('end' as const), owner: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budget = new MemoryBudget('bodies', 1000);
      const owners = Array.from({ length: 4 }, () => begin());
      const holds: Hold[] = [];
      for (const each of steps) {
        if (each.kind === 'take') {
          const hold = budget.take(owners[each.owner]!, each.party, each.bytes);
          if (hold) holds.push(hold);
        } else if (each.kind === 'end') owners[each.owner]!.end();
        else if (holds.length > 0) {
          const hold = holds[each.hold % holds.length]!;
          if (each.kind === 'change') hold.change(each.shares);
          else hold.giveUp();
        }
        const held = [...budget.heldByParty.values()];
        expect(held.every((value) => value >= 0)).toBe(true);
        expect(held.reduce((sum, value) => sum + value, 0)).toBe(budget.heldBytes);
        expect(budget.heldBytes).toBeLessThanOrEqual(budget.limitBytes);
      }
      for (const owner of owners) owner.end();
      expect([budget.heldBytes, budget.holds, budget.heldByParty.size]).toEqual([0, 0, 0]);
    }),
  );
});
