// The pictures that are checked in are those that the project draws.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawOverview, themes } from '../../../scripts/papers/overview.ts';
import { SourceTree } from '../../support/source-tree.ts';

const tree = new SourceTree(join(import.meta.dirname, '..', '..', '..'));
const readmeLinesMax = 130;

test.each(Object.entries(themes))(
  'the %s picture of the README is what `make pictures` draws',
  (name, colours) => {
    const file = `docs/pictures/overview-${name}.svg`;
    expect(tree.read(file)).toBe(drawOverview(colours));
    expect(tree.read('README.md')).toContain(`"${file}"`);
  },
);

test('the README is short', () => {
  expect(tree.read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(readmeLinesMax);
});
