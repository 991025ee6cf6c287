/** The checker against its brute-force twin, and its two paths against each other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLinearizableByBruteForce, isLinearizationByReplay } from '../../sim/checker/brute-force.ts';
import { checkHistory, defaultBudget, searchKey } from '../../sim/checker/check-history.ts';
import { compileKey } from '../../sim/checker/key-history.ts';
import type { Operation } from '../../sim/checker/operation.ts';
import { judgeByVersions } from '../../sim/checker/version-path.ts';
import { corrupt, runHistory, wildHistory } from './checker-histories.ts';

const runs = Number(process.env['RUNS'] ?? 3000);
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const compile = (operations: readonly Operation[]) => compileKey(operations, [...operations.keys()]);

const small = { operationsMax: 6, spread: 4, appends: true, openPercent: 30 };
const histories = {
  'wild without versions': wildHistory({ versions: false, appends: false }),
  'wild without versions, with appends': wildHistory({ versions: false, appends: true }),
  'wild with versions': wildHistory({ versions: true, appends: true }),
  'run with versions': runHistory({ ...small, versions: true }),
  'run without versions': runHistory({ ...small, versions: false }),
  'corrupted with versions': fc
    .tuple(runHistory({ ...small, versions: true }), seed)
    .map((draw) => corrupt(...draw)),
  'corrupted without versions': fc
    .tuple(runHistory({ ...small, versions: false }), seed)
    .map((draw) => corrupt(...draw)),
};

describe.each(Object.entries(histories))('on small histories, %s', (_, history) => {
  test('the search agrees with brute force', () => {
    fc.assert(
      fc.property(history, (operations) => {
        const expected = isLinearizableByBruteForce(operations) ? 'ok' : 'illegal';
        expect(searchKey(compile(operations), defaultBudget).kind).toBe(expected);
      }),
      { numRuns: runs },
    );
  });

  test('the order given is a linearization: of everything when ok, of what came before when illegal', () => {
    fc.assert(
      fc.property(history, (operations) => {
        const verdict = checkHistory(operations).keys[0]!;
        const order = verdict.order.map((index) => operations[index]!);
        const left = operations.filter((operation) => !order.includes(operation));
        const mustBePlaced = ({ outcome }: Operation) => outcome.kind === 'ok' || outcome.kind === 'mismatch';
        expect({
          replays: isLinearizationByReplay(order),
          complete: !left.some(mustBePlaced),
          blockedIsLeft: verdict.kind === 'illegal' && left.includes(operations[verdict.blocked]!),
        }).toEqual({
          replays: true,
          complete: verdict.kind === 'ok',
          blockedIsLeft: verdict.kind === 'illegal',
        });
      }),
      { numRuns: runs },
    );
  });
});

describe.each(Object.entries(histories).filter(([name]) => !name.includes('without versions')))(
  'on small histories, %s',
  (_, history) => {
    test('the path by versions agrees with brute force wherever it decides', () => {
      fc.assert(
        fc.property(history, (operations) => {
          const verdict = judgeByVersions(compile(operations));
          fc.pre(verdict.kind !== 'undecided');
          expect(verdict.kind).toBe(isLinearizableByBruteForce(operations) ? 'ok' : 'illegal');
        }),
        { numRuns: runs, maxSkipsPerRun: 100, skipAllAfterTimeLimit: 60_000 },
      );
    });
  },
);
