// The page of the protocol tells of every property, and of every known way to break one.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seededBugs } from '../../property/seeded-bugs/bugs.ts';
import { strikablePhases } from '../../../sim/run/scenario/scenario.ts';
import { SourceTree } from '../../support/source-tree.ts';

const tree = new SourceTree(join(import.meta.dirname, '..', '..', '..'));
const protocol = tree.read('docs/protocol.md');
const page = protocol.split('\n## Invariants\n')[1]!;

interface Row {
  property: string;
  bugs: string[];
}

/** Of the tables of invariants. */
const rows = [...page.matchAll(/^\|[^|]+\|[^|]+\| `([a-z_]+)` +\|([^|]+)\|$/gm)].map(
  ([, property, bugs]): Row => ({
    property: property!,
    bugs: [...bugs!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!).filter((name) => !name.includes('/')),
  }),
);

test('each property of the simulator is an invariant of the page', () => {
  const type = /export type Property =([^;]+);/.exec(tree.read('sim/run/properties/violations.ts'))![1]!;
  const properties = [...type.matchAll(/'([a-z_]+)'/g)].map(([, name]) => name!);
  expect(properties.length).toBeGreaterThan(10);
  expect(new Set(rows.map(({ property }) => property))).toEqual(new Set(properties));
});

test('each seeded bug breaks the invariant that it stands with', () => {
  const told = rows.flatMap(({ property, bugs }) => bugs.map((name) => ({ name, property })));
  const names = seededBugs.map(({ name }) => name);
  expect(told.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  const wrong = told.filter(({ name, property }) => {
    const { shows } = seededBugs.find((bug) => bug.name === name)!;
    return !shows.some((shown) => shown === property);
  });
  expect(wrong).toEqual([]);
});

test('each transcript is linked from the page, and from the list of transcripts', () => {
  const transcripts = [...tree.files].filter((file) => /^test\/property\/transcripts\/.*\.txt$/.test(file));
  expect(transcripts.length).toBeGreaterThan(15);
  const list = tree.read('docs/transcripts.md');
  expect(transcripts.filter((file) => !protocol.includes(`(../${file})`))).toEqual([]);
  expect(transcripts.filter((file) => !list.includes(`(../${file})`))).toEqual([]);
});

test('each phase has the transcript of a mover that is killed in it', () => {
  const phases = strikablePhases.filter((phase) => phase !== 'rollback');
  const rowOf = (phase: string) => new RegExp(`^\\| \`${phase}\` .*$`, 'm').exec(protocol)?.[0] ?? '';
  expect(phases.filter((phase) => !rowOf(phase).includes(`mover-killed-in-${phase}.txt`))).toEqual([]);
});
