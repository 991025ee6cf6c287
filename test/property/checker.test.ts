/** The checker against its brute-force twin, and its two paths against each other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLinearizableByBruteForce, isLinearizationByReplay } from '../../sim/checker/brute-force.ts';
import { checkHistory, defaultBudget, searchKey } from '../../sim/checker/check-history.ts';
import { compileKey } from '../../sim/checker/history/key-history.ts';
import type { Operation } from '../../sim/checker/history/operation.ts';
import { judgeByVersions } from '../../sim/checker/versions/version-path.ts';
import { corrupt, runHistory, unheardHistory, wildHistory } from './checker-histories.ts';

const numRuns = Number(process.env['RUNS'] ?? 2000);
const parameters =
  process.env['SEED'] === undefined ? { numRuns } : { numRuns, seed: Number(process.env['SEED']) };

const compile = (operations: readonly Operation[]) => compileKey(operations, [...operations.keys()]);
const draw = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const corrupted = (history: fc.Arbitrary<Operation[]>) =>
  fc.tuple(history, draw).map(([operations, seed]) => corrupt(operations, seed));

const small = { operationsMax: 6, spread: 4, appends: true, openPercent: 30 };
const unversioned = {
  'wild without versions': wildHistory({ versions: false, appends: false }),
  'wild without versions, with appends': wildHistory({ versions: false, appends: true }),
  'run without versions': runHistory({ ...small, versions: false }),
  'corrupted without versions': corrupted(runHistory({ ...small, versions: false })),
};
const versioned = {
  'wild with versions': wildHistory({ versions: true, appends: true }),
  'run with versions': runHistory({ ...small, versions: true }),
  'corrupted with versions': corrupted(runHistory({ ...small, versions: true })),
  'unheard writes with versions': unheardHistory(),
  'corrupted, unheard writes with versions': corrupted(unheardHistory()),
};

describe.each(Object.entries({ ...unversioned, ...versioned }))('on small histories, %s', (_, history) => {
  test('the search agrees with brute force', () => {
    fc.assert(
      fc.property(history, (operations) => {
        const expected = isLinearizableByBruteForce(operations) ? 'ok' : 'illegal';
        expect(searchKey(compile(operations), defaultBudget).kind).toBe(expected);
      }),
      parameters,
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
      parameters,
    );
  });
});

describe.each(Object.entries(versioned))('on small histories, %s', (_, history) => {
  test('the path by versions agrees with brute force wherever it decides', () => {
    fc.assert(
      fc.property(history, (operations) => {
        const verdict = judgeByVersions(compile(operations));
        fc.pre(verdict.kind !== 'undecided');
        expect(verdict.kind).toBe(isLinearizableByBruteForce(operations) ? 'ok' : 'illegal');
      }),
      parameters,
    );
  });
});

describe.each(Object.entries(unversioned).filter(([name]) => !name.startsWith('run')))(
  'on small histories, %s',
  (_, history) => {
    test('the operation that cannot be placed is the first whose return makes the history illegal', () => {
      fc.assert(
        fc.property(history, (operations) => {
          const verdict = checkHistory(operations).keys[0]!;
          fc.pre(verdict.kind === 'illegal');
          const { blocked } = verdict;
          const isBefore = (index: number) =>
            operations[index]!.returned < operations[blocked]!.returned ||
            (operations[index]!.returned === operations[blocked]!.returned && index < blocked);
          const cutBefore = operations.map((operation, index) =>
            isBefore(index) ? operation : forget(operation),
          );
          expect(isLinearizableByBruteForce(cutBefore)).toBe(true);
          expect(isLinearizableByBruteForce(cutBefore.with(blocked, operations[blocked]!))).toBe(false);
        }),
        { ...parameters, numRuns: Math.ceil(numRuns / 5) },
      );
    });
  },
);

/** An operation as it is before it returns: a write may take effect; an observation has not been made yet. */
function forget(operation: Operation): Operation {
  const { outcome } = operation;
  const writes = outcome.kind === 'open' || (outcome.kind === 'ok' && outcome.removed !== false);
  return { ...operation, outcome: { kind: writes ? 'open' : 'fail' } };
}

const long = { operationsMax: 80, spread: 12, appends: false, openPercent: 12 };

describe('on longer histories', () => {
  test.each([true, false])('what a register did is linearizable, versions known: %s', (versions) => {
    fc.assert(
      fc.property(runHistory({ ...long, versions }), (operations) => {
        expect(checkHistory(operations).kind).toBe('ok');
        expect(searchKey(compile(operations), defaultBudget).kind).toBe('ok');
      }),
      { ...parameters, numRuns: Math.ceil(numRuns / 4) },
    );
  });

  test('the path by versions and the search agree wherever both decide', () => {
    const seen = { ok: 0, illegal: 0 };
    fc.assert(
      fc.property(corrupted(runHistory({ ...long, versions: true })), (operations) => {
        const byVersions = judgeByVersions(compile(operations));
        fc.pre(byVersions.kind !== 'undecided');
        const bySearch = searchKey(compile(operations), { ...defaultBudget, stepsMax: 2_000_000 });
        fc.pre(bySearch.kind !== 'unknown');
        seen[bySearch.kind]++;
        expect(byVersions.kind).toBe(bySearch.kind);
      }),
      { ...parameters, numRuns: Math.ceil(numRuns / 4) },
    );
    expect(Math.min(seen.ok, seen.illegal)).toBeGreaterThan(numRuns / 100);
  });

  test('the same history gets the same verdict, word for word', () => {
    fc.assert(
      fc.property(corrupted(runHistory({ ...long, versions: false })), (operations) => {
        expect(checkHistory(operations)).toEqual(checkHistory(structuredClone(operations)));
      }),
      { ...parameters, numRuns: Math.ceil(numRuns / 10) },
    );
  });
});
