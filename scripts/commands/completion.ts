/** `vase completion SHELL`: the script that completes commands, options and the names of the cluster in that shell. */
import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import type { CommandEntry } from '../context/command-entry.ts';
import { answer } from '../completion/answer.ts';
import { scriptFor, type Shell, shells } from '../completion/scripts.ts';
import { checkout, stateRoot } from '../context/places.ts';
import { createPrinter } from '../terminal/printer.ts';

const help = `
  bash  eval "$(vase completion bash)", in ~/.bashrc
  zsh   eval "$(vase completion zsh)", in ~/.zshrc, after compinit
  fish  vase completion fish | source, in ~/.config/fish/config.fish`;

/** @param commands the commands that it completes. */
export function completionCommand(commands: readonly CommandEntry[]): (program: Command) => void {
  return (program) => addCompletionCommand(program, commands);
}

function addCompletionCommand(program: Command, commands: readonly CommandEntry[]): void {
  const completion = program
    .command('completion')
    .description('Print the script that completes commands, options and names in a shell.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell) => {
      const run = [process.execPath, join(checkout, 'scripts', 'vase.js')];
      createPrinter({ json: false }).result(scriptFor(shell, run).trimEnd(), {});
    });
  completion
    .command('answer', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      const place = { provider: process.env['VASE_PROVIDER'], stateRoot: stateRoot() };
      const { candidates, files } = await answer(commands, words, place);
      const lines = candidates.map(({ value, description }) =>
        description === '' ? value : `${value}\t${description}`,
      );
      createPrinter({ json: false }).result([...lines, ...(files ? [':files'] : [])].join('\n'), {});
    });
}
