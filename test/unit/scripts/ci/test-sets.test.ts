// Each test file is run by `make test` or by what it leaves, and by one of them alone.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testFiles } from '../../../../scripts/ci/test-files.ts';
import {
  describeRest,
  isIn,
  laneOf,
  parted,
  quickE2e,
  slow,
  withoutCluster,
} from '../../../../scripts/ci/test-sets.ts';

const checkout = join(import.meta.dirname, '..', '..', '..', '..');
const files = testFiles(checkout);

test('every test file but those of kind is of a project that runs', () => {
  const all = readdirSync(join(checkout, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(test|spec)\.[cm]?[jt]sx?$/.test(name) && !name.startsWith('kind/'))
    .map((name) => `test/${name}`);
  expect(files.toSorted()).toEqual(all.toSorted());
});

test('every file is in one of the two sets, or parted between them by name', () => {
  for (const file of files) {
    const sets = (['quick', 'rest'] as const).filter((set) => isIn(set, file));
    expect(sets, file).toHaveLength(file in parted ? 2 : 1);
    expect(isIn('all', file)).toBe(true);
  }
});

test('what is named is there, once, and has a reason', () => {
  const named = [...Object.entries(quickE2e), ...Object.entries(slow)];
  const names = [...named.map(([file]) => file), ...Object.keys(parted)];
  expect([...names, ...withoutCluster].filter((file) => !files.includes(file))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  for (const [file, reason] of named) expect(reason, file).toMatch(/\w/);
});

test('a new e2e file is left, and a new file of another kind is run', () => {
  expect(isIn('quick', 'test/e2e/new.test.ts')).toBe(false);
  for (const kind of ['unit', 'property', 'contract'])
    expect(isIn('rest', `test/${kind}/new.test.ts`)).toBe(false);
});

test('what is left is said by name and number', () => {
  const few = [
    'test/unit/a.test.ts',
    'test/e2e/edge/b.test.ts',
    'test/e2e/c.test.ts',
    ...Object.keys(parted),
  ];
  expect(describeRest(few)).toEqual([
    `\`make test-all\` has 8 more files of 9:`,
    '  e2e: edge/b, c',
    '  contract, every other release: data-release, etcd-contract, full-contract, lease-contract, progress-contract',
    '  property, 1,800 other scenarios: simulator',
  ]);
});

test('the e2e files that start no cluster run beside those that do, and no cluster does', () => {
  const beside = files.filter((file) => file.startsWith('test/e2e/') && laneOf(file) === 'others');
  expect(beside).toEqual(withoutCluster);
  const starts = /\bnew VaseCommand\b|\bstartLocalCluster\b|\bopenEdge\b/;
  for (const file of beside) expect(readFileSync(join(checkout, file), 'utf8'), file).not.toMatch(starts);
});
