import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { differName, instrument, reachName } from '../../mutation/syntax/instrument.ts';
import { listMutants } from '../../mutation/syntax/list-mutants.ts';

/** Runs the body of a function with probes. */
function probe(body: string, argument: unknown) {
  const mutants = listMutants('a.js', body);
  const reached = mutants.map(() => 0);
  const differed = mutants.map(() => 0);
  const numbered = mutants.map((mutant, number) => ({ mutant, number }));
  const program = runInThisContext(
    `(function (x, ${reachName}, ${differName}) {${instrument(body, numbered)}})`,
  ) as (...all: unknown[]) => unknown;
  const result = program(
    argument,
    (number: number) => reached[number]!++,
    (number: number, value: unknown, alternative: () => unknown) => {
      reached[number]!++;
      let other: unknown = null;
      try {
        other = alternative();
      } catch {
        other = {};
      }
      if (other !== value) differed[number]!++;
      return value;
    },
  );
  const countOf = (operator: string) => {
    const number = mutants.findIndex((mutant) => mutant.operator === operator);
    return { reached: reached[number], differed: differed[number] };
  };
  return { result, countOf };
}

const body = `
  const seen = [];
  for (const n of x) {
    if (n < 3 && !seen.includes(n)) { seen.push(n); continue; }
    if (n > 4) seen.pop();
  }
  return { seen, last: x.at(-1)?.[0] ?? 'none' };
`;

test('probes change nothing', () => {
  for (const given of [[], [1, 2, 3], [1, 1, 5, 4, 2]]) {
    const plain = runInThisContext(`(function (x) {${body}})`) as (x: number[]) => unknown;
    expect(probe(body, given).result).toEqual(plain(given));
  }
});

test('a probe counts how often it came by, and how often the mutant would have said something else', () => {
  const { countOf } = probe(body, [1, 3, 3, 2, 2]);
  expect(countOf('boundary')).toEqual({ reached: 5, differed: 2 });
  expect(countOf('way out removed').reached).toBe(2);
  expect(countOf('optional chaining')).toEqual({ reached: 1, differed: 0 });
  expect(probe(body, []).countOf('optional chaining')).toEqual({ reached: 1, differed: 1 });
});
