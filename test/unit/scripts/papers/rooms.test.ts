// A folder is a room: what it holds can be read without the rooms that import it.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { circlesIn, describeFloor, readRooms, roomsOf } from '../../../../scripts/papers/rooms.ts';

const ofSources = readRooms(join(import.meta.dirname, '../../../..'));
/** More are no subject any more: whoever adds one parts the room. `sharder/` is older than the rule. */
const filesMax = 25;

test('no import leads around between rooms', () => {
  expect(ofSources.length).toBeGreaterThan(40);
  expect(circlesIn(ofSources)).toEqual([]);
});

test('no room is too large to be known', () => {
  const large = ofSources.filter(({ name, files }) => files > filesMax && !name.startsWith('sharder/'));
  expect(large.map(({ name, files }) => `${name}: ${files}`)).toEqual([]);
});

const sources = new Map([
  ['sim/a/one.ts', "import { x } from './two.ts';\nimport type { Y } from '../b/y.ts';\n"],
  ['sim/a/two.ts', "export const x = await import('../b/c/z.ts');\nimport '../b/y.ts';\n"],
  ['sim/b/y.ts', "import {\n  long,\n} from './c/z.ts';\nimport fs from 'node:fs';\n"],
  ['sim/b/c/z.ts', "export const text = 'nothing from ../../a/one.ts';\n"],
]);

test('imports of values and types, those on demand too, are arrows; a folder in a folder is a room of its own', () => {
  expect(roomsOf(sources)).toEqual([
    {
      name: 'sim/a',
      files: 2,
      arrows: new Map([
        ['sim/b', 2],
        ['sim/b/c', 1],
      ]),
    },
    { name: 'sim/b', files: 1, arrows: new Map([['sim/b/c', 1]]) },
    { name: 'sim/b/c', files: 1, arrows: new Map() },
  ]);
  expect(describeFloor('sim', roomsOf(sources))).toMatchInlineSnapshot(`
    "sim: 3 rooms, 4 files; between its rooms 4 imports of 3 pairs, 0 circles
      sim/a     2 files  -> sim/b 2, sim/b/c 1
      sim/b     1 files  -> sim/b/c 1
      sim/b/c   1 files"
  `);
});

test.each([
  ['two rooms', [['sim/b/y.ts', "import { one } from '../a/one.ts';"]], [['sim/a', 'sim/b']]],
  ['a way over a third', [['sim/b/c/z.ts', "import '../../a/one.ts';"]], [['sim/a', 'sim/b', 'sim/b/c']]],
  ['a folder and the one in it', [['sim/b/c/z.ts', "import '../y.ts';"]], [['sim/b', 'sim/b/c']]],
] as const)('a circle is found: %s', (_what, added, circles) => {
  const more = new Map(sources);
  for (const [file, text] of added) more.set(file, `${more.get(file)}${text}\n`);
  expect(circlesIn(roomsOf(more))).toEqual(circles);
});

test('the command shows one floor, and refuses one that is none', () => {
  const script = join(import.meta.dirname, '../../../../scripts/papers/show-rooms.ts');
  const run = (...floor: string[]) => spawnSync(process.execPath, [script, ...floor], { encoding: 'utf8' });
  expect(run('sharder').stdout).toMatch(/^sharder: \d+ rooms, .* 0 circles\n {2}sharder /);
  expect(run('attic')).toMatchObject({ status: 2, stderr: expect.stringContaining('attic is no floor') });
});
