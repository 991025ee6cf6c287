import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { judgeByTests } from '../../mutation/run/judge-by-tests.ts';
import { RelatedTests } from '../../mutation/run/related-tests.ts';
import type { Mutant } from '../../mutation/syntax/mutant.ts';

const file = 'sharder/core/slot.ts';
const planted = (after: string): Mutant => ({
  file,
  operator: 'planted',
  place: '',
  line: 1,
  start: 0,
  end: 0,
  before: '',
  after,
  probe: { kind: 'statement', start: 0, end: 0, alternative: null },
  key: after,
});
const tests = ['test/unit/sharder/slot.test.ts'];

test('what is planted is what the tests run, and not what an earlier one left in a cache', async () => {
  const scratch = join(tmpdir(), `judged-${process.pid}.json`);
  const judge = (after: string) => judgeByTests(planted(after), tests, scratch);
  expect(await judge('')).toEqual({ broken: null });
  expect((await judge("throw new Error('planted');")).broken).toContain('planted');
  expect(await judge('/* nothing */')).toEqual({ broken: null });
});

test('the tests of a source are those that import it, the nearest first', () => {
  const related = new RelatedTests().of('sharder/core/lane.ts');
  expect(related).toContain('test/unit/sharder/models/lane.test.ts');
  expect(related).not.toContain('test/unit/sharder/slot.test.ts');
  expect(related[0]).toMatch(/lane/);
});
