import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { UsageError } from '../../../../../cluster/errors.ts';
import { parsePlan, readPlan } from '../../../../../scripts/bench/records/plan-input.ts';

const one = { '1a': { sharders: 1, shards: 7 } };

test('a plan as the original wrote them is complete with the defaults', () => {
  const plan = parsePlan(one, 'mine');
  expect(plan.cells).toEqual([
    {
      test: '1a',
      sharders: 1,
      shards: 7,
      members: 3,
      workload: { name: 'original', users: 500, keys: 101, valueBytes: 16, distribution: 'uniform' },
    },
  ]);
  expect(plan).toMatchObject({ name: 'mine', provider: 'local', repeats: 1, limits: { ssd: 'off' } });
});

test('a cell’s own fields win over the plan’s', () => {
  const [cell] = parsePlan(
    {
      members: 1,
      workload: 'ycsb-a',
      limits: { sharderCpu: '300m' },
      x: {
        sharders: 1,
        shards: 1,
        members: 5,
        workload: { name: 'ycsb-c', users: 9 },
        limits: { ssd: 'pd-ssd:1Gi' },
      },
    },
    'mine',
  ).cells;
  expect(cell).toMatchObject({
    members: 5,
    workload: { name: 'ycsb-c', users: 9, keys: 100_000, distribution: 'zipfian' },
    limits: { ssd: 'pd-ssd:1Gi' },
  });
});

test.each<[string, unknown, RegExp]>([
  ['a missing field', { '1a': { sharders: 1 } }, /1a\.shards must be a whole number from 1 to 64/],
  ['a number out of range', { '1a': { sharders: 0, shards: 1 } }, /1a\.sharders must be a whole number/],
  ['an unknown field of a cell', { '1a': { sharders: 1, shards: 1, shard: 2 } }, /1a has no field "shard"/],
  ['a misspelt setting', { ...one, duratoin: 30 }, /duratoin must be a setting of the plan, or a cell/],
  ['an unknown workload', { ...one, workload: 'ycsb-z' }, /workload\.name must be one of original, ycsb-a/],
  ['a wrong limit', { ...one, limits: { sharderCpu: 'much' } }, /1a: .*resources\.sharder\.cpu/],
  ['a wrong disk', { ...one, limits: { ssd: 'floppy' } }, /1a: .*ssd/],
  [
    'a number of members that etcd cannot have',
    { ...one, members: 2 },
    /1a: .*members: must be one of 1, 3, 5/,
  ],
  ['no cell', { duration: 3 }, /there is no cell/],
  ['a name that is no file’s', { '../x': { sharders: 1, shards: 1 } }, /must be letters, digits/],
  [
    'an expectation of a cell that is not there',
    { ...one, expectations: [{ from: '1a', to: '1b', figure: 'p95_ms', ratioMax: 1 }] },
    /expectations\.0 names "1b"/,
  ],
  [
    'an expectation without a bound',
    { ...one, expectations: [{ from: '1a', to: '1a', figure: 'p95_ms' }] },
    /expectations\.0 must be an object with ratioMin/,
  ],
  [
    'a provider that cells cannot be measured on',
    { ...one, provider: 'gke' },
    /made by make deploy-gke alone/,
  ],
  ['a list', [], /the plan must be/],
])('%s is a usage error that names it', (_, input, message) => {
  expect(() => parsePlan(input, 'mine')).toThrow(UsageError);
  expect(() => parsePlan(input, 'mine')).toThrow(message);
});

test('the ready plan `original` has the eight cells of the original’s results', () => {
  const csv = readFileSync(
    new URL('../../../../../scripts/bench/data/original-results.csv', import.meta.url),
    'utf8',
  );
  const cells = csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([name, sharders, shards]) => [name, Number(sharders), Number(shards)]);
  expect(readPlan('original').cells.map((cell) => [cell.test, cell.sharders, cell.shards])).toEqual(cells);
});

test.each(['smoke', 'local', 'original'])('the ready plan `%s` can be read', (name) => {
  expect(readPlan(name).cells.length).toBeGreaterThan(3);
});

test('the ready plan `local` expects what it is there to show', () => {
  const { cells, expectations } = readPlan('local');
  const along = (axis: 'sharders' | 'shards') =>
    expectations
      .filter(({ figure }) => figure === 'requests_per_second')
      .map(({ from, to }) => [from, to].map((name) => cells.find((cell) => cell.test === name)![axis]));
  expect(along('sharders')).toEqual(
    expect.arrayContaining([
      [1, 2],
      [2, 4],
    ]),
  );
  expect(along('shards')).toEqual(
    expect.arrayContaining([
      [1, 2],
      [2, 3],
    ]),
  );
});

test('a plan that is not there, and flags that are wrong, are usage errors', () => {
  expect(() => readPlan('nonesuch')).toThrow(/no ready plan is called nonesuch/);
  expect(() => readPlan('/nonesuch/plan.json')).toThrow(UsageError);
  expect(() => readPlan('smoke', { provider: 'cloud' })).toThrow(/provider must be local or kind/);
  expect(readPlan('smoke', { duration: 3, repeats: 2 })).toMatchObject({ durationSeconds: 3, repeats: 2 });
});
