/** The options that the view server's commands share. */
import type { Command } from 'commander';

export interface ViewFlags {
  endpoint?: string;
  json?: boolean;
}

export interface JobFlags extends ViewFlags {
  dryRun?: boolean;
  wait?: boolean;
}

export function addViewOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', "the view server's address; also VASE_VIEW_ENDPOINT (default: the cluster's)")
    .option('--json', 'print JSON, one document per line');
}

export function addJobOptions(command: Command): Command {
  return addViewOptions(command)
    .option('--dry-run', 'only show what would move')
    .option('--no-wait', 'do not wait for the end')
    .addHelpText(
      'after',
      '\nThe view server does the work: Ctrl-C ends only the watching. `vase view` shows how far it is.',
    );
}
