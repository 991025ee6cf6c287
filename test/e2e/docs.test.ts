// Every shell block of all other pages, each page from top to bottom. A page that brings a cluster up takes it down again.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksOf, expectWhatItSays, languagesOf } from './page-blocks.ts';
import { checkout, VaseCommand } from './vase-command.ts';

const known = new Set(['sh', 'text']);
const pages = [
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(checkout, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];

let vase: VaseCommand;
let port: number;
beforeAll(async () => {
  vase = new VaseCommand();
  port = await getPort();
});
afterAll(() => vase.remove());

test.each(pages)('%s has no command in a block that is not run', (page) => {
  expect([...languagesOf(page)].filter((language) => !known.has(language))).toEqual([]);
});

const withCommands = pages
  .map((page) => ({ page, blocks: blocksOf(page) }))
  .filter(({ blocks }) => blocks.length > 0);

describe.each(withCommands)('$page', ({ blocks }) => {
  test.each(blocks)('does what it says: $script', async (block) => {
    await expectWhatItSays(block, { stateRoot: vase.stateRoot, port });
  });

  test('after the last block nothing is left', () => {
    expect(vase.processes()).toEqual([]);
  });
});
