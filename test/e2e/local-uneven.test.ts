// Layouts in which a shard has a single slot, or none at all: the cluster comes up again after `down` with the same layout.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VaseCommand } from './vase-command.ts';

let vase: VaseCommand;
beforeAll(async () => {
  vase = new VaseCommand();
  const size = ['--shards', '3', '--members', '1', '--sharders', '1', '--port', '0'];
  expect((await vase.run(['up', ...size])).exitCode).toBe(0);
});
afterAll(() => vase.remove());

/** Moves slots, takes the cluster down and brings it up, twice. */
async function expectUpAfter(slots: string, to: string): Promise<void> {
  expect((await vase.run(['move', slots, '--to', to])).exitCode).toBe(0);
  for (let round = 0; round < 2; round++) {
    expect((await vase.run(['down'])).exitCode).toBe(0);
    const up = await vase.run(['up']);
    expect({ exitCode: up.exitCode, stderr: up.exitCode === 0 ? '' : up.stderr }).toEqual({
      exitCode: 0,
      stderr: '',
    });
    expect((await vase.status()).health).toBe('ready');
  }
}

test('a home shard with one slot left', () => expectUpAfter('0-340', '2'));

test('a home shard without slots', () => expectUpAfter('341', '3'));
