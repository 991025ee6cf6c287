// What the help says of the commands without loading them is what they say themselves.
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { nameOf } from '../../../scripts/context/command-entry.ts';
import { addCommands, commandTable } from '../../../scripts/command-table.ts';

const helpOf = async (names: readonly string[] | null) => {
  const program = new Command('vase');
  await addCommands(program, names);
  return program.helpInformation();
};

test('the outlines of all commands give the help that the commands give', async () => {
  expect(await helpOf([])).toBe(await helpOf(null));
});

test.each(commandTable.map(nameOf))('%s has a description and options', async (name) => {
  const program = new Command('vase');
  await addCommands(program, [name]);
  expect(program.commands.find((command) => command.name() === name)?.description()).not.toBe('');
});
