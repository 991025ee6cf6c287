// Every shell block of the README, run in order as a user would, on a separate cluster.
import getPort from 'get-port';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf, expectWhatItSays, languagesOf } from './page-blocks.ts';
import { VaseCommand } from './vase-command.ts';

const blocks = blocksOf('README.md');

let vase: VaseCommand;
let port: number;
beforeAll(async () => {
  vase = new VaseCommand();
  port = await getPort();
});
afterAll(() => vase.remove());

test('the README has shell blocks, and no command in a block that is not run', () => {
  expect(blocks.length).toBeGreaterThan(5);
  expect(languagesOf('README.md')).toEqual(new Set(['sh', 'text']));
});

test.each(blocks)('does what it says: $script', async (block) => {
  await expectWhatItSays(block, { stateRoot: vase.stateRoot, port });
});

test('after the last block nothing is left', () => {
  expect(vase.processes()).toEqual([]);
});
