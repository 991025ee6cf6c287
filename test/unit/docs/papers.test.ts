// The papers name what is there: every file, folder, function, command and word of the sources that they speak of.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultsOf } from '../../support/papers.ts';
import { SourceTree } from '../../support/source-tree.ts';

const tree = new SourceTree(join(import.meta.dirname, '..', '..', '..'));
/** What came is told in the words of its time. */
const papers = [...tree.files].filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md');
const architectureLinesMax = 200;

test.each(papers)('%s names nothing that is not there', (page) => {
  expect(faultsOf(page, tree)).toEqual([]);
});

test.each([
  ['a file', '`sharder/core/lanes.ts`', 'there is no file or folder sharder/core/lanes.ts'],
  ['a folder', '`sharder/cores/`', 'there is no file or folder sharder/cores/'],
  [
    'a function of another file',
    '`sharder/core/lane.ts`: `buildTransaction()`',
    'buildTransaction() is not in sharder/core/lane.ts',
  ],
  ['a function', '`buildTransactions()`', 'buildTransactions() is nowhere'],
  ['a method', '`Lane.offerings`', 'Lane.offerings is nowhere'],
  ['a goal of make', '`make upp`', 'there is no `make upp`'],
  ['a command', '`vase upp`', 'there is no `vase upp`'],
  ['a word of the sources', '`vase_no_such_total`', 'no source says vase_no_such_total'],
  ['a page', '[it](docs/none.md)', 'the link to docs/none.md leads nowhere'],
  ['a heading', '# One\n[it](#two)', 'README.md has no heading #two'],
])('%s that is not there is found', (_what, text, fault) => {
  expect(faultsOf('README.md', tree, text).join()).toContain(fault);
});

test('what is there is no fault', () => {
  const text =
    '# One thing, or two\n`sharder/core/lane.ts`: `Lane.offer`\n`handOver()`, `sim/raft/`, `make up`, `vase up` [a](#one-thing-or-two)';
  expect(faultsOf('README.md', tree, text)).toEqual([]);
});

test('ARCHITECTURE.md is short, and names every rule of who may import whom', () => {
  const text = tree.read('ARCHITECTURE.md');
  expect(text.split('\n').length).toBeLessThanOrEqual(architectureLinesMax + 1);
  const rules = [...tree.read('.dependency-cruiser.cjs').matchAll(/forbid\(\s*'([a-z0-9-]+)'/g)].map(
    ([, name]) => name!,
  );
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.filter((rule) => !text.includes(`\`${rule}\``))).toEqual([]);
});

test('a stranger is led to each of twelve files by a sentence that is there', () => {
  const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ');
  const architecture = oneLine(tree.read('ARCHITECTURE.md'));
  const rows = tree
    .read('docs/stranger.md')
    .split('\n')
    .filter((line) => /^\|.*`[a-z]+\/[^`]+` +\|/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows).toHaveLength(12);
  for (const [, change, file, sentence] of rows) {
    expect(tree.files, change).toContain(file!.replaceAll('`', ''));
    expect(architecture, change).toContain(sentence);
  }
});
