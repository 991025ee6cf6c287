import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quorumOf } from '../../../../sim/raft/quorum.ts';
import { ReadRounds } from '../../../../sim/raft/read-rounds.ts';

const step = fc.oneof(
  fc.constant('open' as const),
  fc.record({ back: fc.nat({ max: 5 }), from: fc.integer({ min: 2, max: 5 }) }),
);

test('a read is granted once, as soon as a quorum has answered its round or one later round', () => {
  fc.assert(
    fc.property(fc.constantFrom(3, 5), fc.array(step, { maxLength: 40 }), (voters, steps) => {
      const rounds = new ReadRounds();
      const ids = Array.from({ length: voters }, (_, at) => at + 1);
      // The dumb twin: who has answered each round, the leader (1) included.
      const answered = new Map<number, Set<number>>();
      const granted: number[] = [];
      let last = 0;
      for (const next of steps) {
        if (next === 'open') {
          last = rounds.open({ index: last, from: 1, context: last + 1, leader: 1 });
          answered.set(last, new Set([1]));
        } else if (next.from <= voters && last > next.back) {
          const round = last - next.back;
          if (granted.includes(round)) continue;
          answered.get(round)!.add(next.from);
          granted.push(...rounds.acknowledge(round, next.from, ids).map((read) => read.round));
        }
        const proven = [...answered]
          .filter(([, who]) => who.size >= quorumOf(voters))
          .map(([round]) => round);
        const newest = Math.max(0, ...proven);
        expect(granted).toEqual(Array.from({ length: newest }, (_, at) => at + 1));
      }
      expect(rounds.newest).toBe(granted.length === last ? 0 : last);
    }),
  );
});
