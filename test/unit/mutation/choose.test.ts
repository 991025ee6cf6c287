import fc from 'fast-check';
import { expect, test } from 'vitest';
import { choose } from '../../mutation/choose.ts';
import { OptionError, type Options, parseOptions } from '../../mutation/options.ts';
import { elementsOf, tellingElements } from '../../mutation/report/elements.ts';
import { readEquivalents } from '../../mutation/report/equivalents.ts';
import { listMutants } from '../../mutation/syntax/list-mutants.ts';
import { scenarioOfSeed } from '../../../sim/run/scenario/scenario-arbitrary.ts';

const all = listMutants('a/b.ts', Array.from({ length: 40 }, (_, at) => `f(a${at} < b);`).join('\n'));
type Wanted = Pick<Options, 'files' | 'limit' | 'draw' | 'shard'>;
const whole: Wanted = { files: [], limit: null, draw: 1, shard: { index: 1, count: 1 } };
const numbersOf = (options: Partial<Wanted>, retried: ReadonlySet<string> | null = null) =>
  choose(all, { ...whole, ...options }, retried).map(({ number }) => number);

test('a larger sample holds a smaller one, and parts make up the whole', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(40), fc.integer({ min: 1, max: 5 }), fc.nat(5), (a, b, count, draw) => {
      const sample = (limit: number) => numbersOf({ limit, draw });
      const [small, large] = [sample(Math.min(a, b)), sample(Math.max(a, b))];
      expect(large.slice(0, small.length)).toEqual(small);
      const parts = Array.from({ length: count }, (_, index) =>
        numbersOf({ draw, shard: { index: index + 1, count } }),
      );
      expect(parts.flat().toSorted((x, y) => x - y)).toEqual([...all.keys()]);
    }),
  );
});

test('files and earlier survivors narrow it down', () => {
  expect(numbersOf({ files: ['other'] })).toEqual([]);
  expect(numbersOf({ files: ['b.ts'] })).toHaveLength(all.length);
  expect(numbersOf({}, new Set([all[3]!.key]))).toEqual([3]);
});

test.each([[['--shard', '3/2']], [['--seeds', '0']], [['--limit', 'x']], [['--nonsense']]])(
  '%o is refused',
  (args) => {
    expect(() => parseOptions(args)).toThrow(OptionError);
  },
);

test('what is told is taken', () => {
  expect(parseOptions(['--seeds', '20', '--shard', '2/3', '--files', 'lane'])).toMatchObject({
    seeds: 20,
    shard: { index: 2, count: 3 },
    files: ['lane'],
    limit: null,
    withTests: true,
  });
  expect(parseOptions(['--help'])).toBeNull();
});

test('the elements of scenarios that go with a place are told, the most telling first', () => {
  const sets = Array.from({ length: 600 }, (_, index) => elementsOf(scenarioOfSeed(index + 1)));
  const withSplit = sets.filter((set) => set.has('fault split'));
  expect(withSplit.length).toBeGreaterThan(2);
  expect(tellingElements(withSplit, sets)[0]).toMatch(/^fault split \(100 %, elsewhere /);
  expect(tellingElements(sets, sets)).toEqual([]);
});

test('the kept list is read as keys with reasons', () => {
  const text = '# words\na.ts | f | boundary | < => <=\n  It is the same,\n  always.\n';
  expect(readEquivalents(text)).toEqual([
    { key: 'a.ts | f | boundary | < => <=', reason: 'It is the same, always.' },
  ]);
  expect(() => readEquivalents('  a reason\n')).toThrow('a reason without a mutant');
});
