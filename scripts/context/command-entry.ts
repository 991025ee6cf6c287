/** What is known of a command before its module is loaded. */
import type { Command } from 'commander';

export interface CommandEntry {
  /** The name, and what may stand behind it, as the help shows it. */
  usage: string;
  description: string;
  load(): Promise<(program: Command) => void>;
}

export function nameOf({ usage }: Pick<CommandEntry, 'usage'>): string {
  return usage.split(' ', 1)[0]!;
}
