import ts from 'typescript';
import { expect, test } from 'vitest';
import { readEquivalents } from '../../mutation/report/equivalents.ts';
import { instrument } from '../../mutation/syntax/instrument.ts';
import { listMutants } from '../../mutation/syntax/list-mutants.ts';
import { type Mutant, plant } from '../../mutation/syntax/mutant.ts';
import { mutantsOfRooms, sourcesOfRooms } from '../../mutation/syntax/rooms.ts';

/** What each operator makes of a text. */
const madeBy = (source: string, operator: string) =>
  listMutants('a.ts', source)
    .filter((mutant) => mutant.operator === operator)
    .map((mutant) => plant(source, mutant));

const errorsIn = (text: string): number => {
  const tree = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, false);
  return (tree as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics.length;
};

test.each([
  ['boundary', 'f(a < b);', ['f(a <= b);']],
  ['negated comparison', 'f(a >= b, c === d);', ['f(a < b, c === d);', 'f(a >= b, c !== d);']],
  ['logical operator', 'f(a && b);', ['f(a || b);']],
  [
    'logical operator',
    'f((a ?? b) && c); f(a && b || c);',
    [
      'f((a ?? b) || c); f(a && b || c);',
      'f((a ?? b) && c); f(a || b || c);',
      'f((a ?? b) && c); f(a && b && c);',
    ],
  ],
  ['one side', 'f(a ?? b);', ['f((a));', 'f((b));']],
  ['condition', 'if (a) b();', ['if (true) b();', 'if (false) b();']],
  ['condition', 'while (a) b();', ['while (false) b();']],
  ['negated condition', 'if (a()) b();', ['if (!(a())) b();']],
  ['negation', 'f(!a);', ['f(a);']],
  ['arithmetic', 'f(a + b, `x` + c);', ['f(a - b, `x` + c);']],
  ['assignment', 'a ??= b;', ['a = b;']],
  ['counter', 'f(a++); for (;; i++) {}', ['f(a--); for (;; i++) {}']],
  ['off by one', 'f(1, 0, 1000);', ['f(2, 0, 1000);', 'f(0, 0, 1000);', 'f(1, 1, 1000);']],
  ['boolean', 'f(true);', ['f(false);']],
  ['member forgotten', 'f([a, b]);', ['f([b]);', 'f([a]);']],
  ['member forgotten', 'f({ kind: x, c: 1, ...d });', ['f({ kind: x, ...d });', 'f({ kind: x, c: 1 });']],
  ['member forgotten', 'f([...a,]);', ['f([]);']],
  [
    'other method',
    'f(a.some(g), Math.min(b, c));',
    ['f(a.every(g), Math.min(b, c));', 'f(a.some(g), Math.max(b, c));'],
  ],
  ['method left out', 'f(a.filter(g));', ['f(a);']],
  ['argument forgotten', 'f(a, b);', ['f(a);']],
  ['optional chaining', 'f(a?.b.c(), d?.[0]);', ['f(a.b.c(), d?.[0]);', 'f(a?.b.c(), d[0]);']],
  ['await', 'async () => { await a(); b(); };', ['async () => { void a(); b(); };']],
  ['statement removed', 'a = 1; if (b) c();', ['; if (b) c();']],
  [
    'way out removed',
    '() => { if (a) { b(); return; } if (c) return; return d; };',
    ['() => { if (a) { b(); ; } if (c) return; return d; };'],
  ],
  ['result', '() => { return [a, b]; };', ['() => { return []; };']],
  ['block removed', 'if (a) b(); else { c(); d(); }', ['if (a) b(); else {}']],
])('%s: %s', (operator, source, expected) => {
  expect(madeBy(source, operator)).toEqual(expected);
});

test.each([
  ['bounds', 'const defaultLimits = { heldPollMs: 2, many: true };'],
  ['names', "const f = asCount(raw, 'epoch');"],
  ['types', 'type A = 1 | true; interface B { c: 1 }'],
  ['stories', 'trace.emit({ a: 1, b: c + 1 }); this.context.trace.emit({ a: true });'],
  ['errors', 'const f = new RefusedError(a, `b ${c + 1}`);'],
  ['words', 'const f = { message: a + b };'],
])('%s are left as they are', (_what, source) => {
  expect(listMutants('a.ts', source).map(({ after }) => after)).toEqual([]);
});

test('a key names one mutant, without a line number, and says in which function it is', () => {
  const source = 'class A {\n  b() {\n    return c < 1 && d < 1;\n  }\n}';
  const keys = (text: string) => listMutants('a.ts', text).map(({ key }) => key);
  expect(keys(`\n\n${source}`)).toEqual(keys(source));
  expect(keys(source)).toContain('a.ts | A.b | off by one | 1 => 2');
  expect(keys(source)).toContain('a.ts | A.b | off by one #2 | 1 => 2');
});

test('a mutant refuses another source', () => {
  const [mutant] = listMutants('a.ts', 'f(a < b);');
  expect(() => plant('f(c); f(a < b);', mutant!)).toThrow('a.ts has changed');
});

test('the rooms have many mutants, each with a key of its own, and what is planted parses', () => {
  const sources = sourcesOfRooms();
  const mutants = mutantsOfRooms();
  expect(mutants.length).toBeGreaterThan(2000);
  expect(new Set(mutants.map(({ key }) => key)).size).toBe(mutants.length);
  const sample = mutants.filter((_, index) => index % 25 === 0);
  expect(sample.filter((mutant) => errorsIn(plant(sources.get(mutant.file)!, mutant)) > 0)).toEqual([]);
  for (const [file, source] of sources) {
    const numbered = mutants.map((mutant, number) => ({ mutant, number }));
    expect(
      errorsIn(
        instrument(
          source,
          numbered.filter(({ mutant }) => mutant.file === file),
        ),
      ),
    ).toBe(0);
  }
});

test('each mutant that is argued equivalent is still there, and has a reason', () => {
  const keys = new Set(mutantsOfRooms().map(({ key }: Mutant) => key));
  const equivalents = readEquivalents();
  expect(equivalents.filter(({ key }) => !keys.has(key))).toEqual([]);
  expect(equivalents.filter(({ reason }) => reason.length < 20)).toEqual([]);
  expect(new Set(equivalents.map(({ key }) => key)).size).toBe(equivalents.length);
});
