import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RaftLog } from '../../../../sim/raft/log.ts';
import type { Entry } from '../../../../sim/raft/message.ts';

/** A log as its terms, which never fall. */
const terms = fc
  .array(fc.integer({ min: 1, max: 4 }), { maxLength: 8 })
  .map((list) => list.toSorted((one, other) => one - other));

const entriesOf = (list: readonly number[]): Entry[] =>
  list.map((term, at) => ({ term, index: at + 1, payload: null }));

function logOf(list: readonly number[]): RaftLog {
  const log = new RaftLog();
  log.restore(entriesOf(list), 0);
  return log;
}

const termsOf = (log: RaftLog): number[] => log.slice(1, log.lastIndex).map((entry) => entry.term);

describe('raft log', () => {
  test('takes entries only where it agrees, keeps what agrees, and replaces what conflicts', () => {
    fc.assert(
      fc.property(terms, terms, fc.nat({ max: 8 }), (own, leaders, after) => {
        const previous = Math.min(after, leaders.length);
        const previousTerm = previous === 0 ? 0 : leaders[previous - 1]!;
        const log = logOf(own);
        const last = log.append(previous, previousTerm, entriesOf(leaders).slice(previous));
        const agrees = previous === 0 || own[previous - 1] === previousTerm;
        expect(last).toBe(agrees ? leaders.length : -1);
        if (!agrees) {
          expect(termsOf(log)).toEqual(own);
          return;
        }
        const sent = leaders.slice(previous);
        const isPrefix = sent.every((term, at) => own[previous + at] === term);
        expect(termsOf(log)).toEqual(isPrefix ? own : [...own.slice(0, previous), ...sent]);
      }),
    );
  });

  test('what a truncation has removed is neither stable nor handed over any more', () => {
    const log = logOf([1, 1, 1, 1]);
    log.append(1, 1, [{ term: 2, index: 2, payload: null }]);
    expect(log).toMatchObject({ stable: 1, handedOver: 1, lastIndex: 2 });
    log.stableTo(4, 1);
    log.stableTo(2, 1);
    expect(log.stable).toBe(1);
    log.stableTo(2, 2);
    expect(log.stable).toBe(2);
  });

  test('refuses to truncate what is committed', () => {
    const log = logOf([1, 1, 1]);
    log.commitTo(2);
    expect(() => log.append(1, 1, [{ term: 2, index: 2, payload: null }])).toThrow('committed');
  });

  test('the conflict hint of both sides together never skips the point up to which two logs agree', () => {
    fc.assert(
      fc.property(terms, terms, (leader, follower) => {
        let agreed = 0;
        while (agreed < Math.min(leader.length, follower.length) && leader[agreed] === follower[agreed])
          agreed++;
        const [leaderLog, followerLog] = [logOf(leader), logOf(follower)];
        for (let index = agreed + 1; index <= leader.length; index++) {
          const hint = followerLog.findConflict(index, leaderLog.termAt(index));
          expect(leaderLog.findConflict(hint, followerLog.termAt(hint))).toBeGreaterThanOrEqual(agreed);
        }
      }),
    );
  });

  test('a log is as good as another when its last term is higher, or the same and it is no shorter', () => {
    fc.assert(
      fc.property(terms, terms, (own, other) => {
        const [index, term] = [other.length, other.at(-1) ?? 0];
        const ownTerm = own.at(-1) ?? 0;
        const expected = term !== ownTerm ? term > ownTerm : index >= own.length;
        expect(logOf(own).isUpToDate(index, term)).toBe(expected);
      }),
    );
  });
});
