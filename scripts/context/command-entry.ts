/** The facts about a command before its module is loaded. */
import type { Command } from 'commander';

export interface CommandEntry {
  /** The name and its arguments, as the help shows them. */
  usage: string;
  description: string;
  load(): Promise<(program: Command) => void>;
}

export function nameOf({ usage }: Pick<CommandEntry, 'usage'>): string {
  return usage.split(' ', 1)[0]!;
}
