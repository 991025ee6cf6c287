/** `vase shard recover`: makes a shard that has lost its quorum permanently anew, from the data of one of its members. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { UsageError } from '../../cluster/errors.ts';
import type { MemberControl, Recovery } from '../../cluster/providers/provider.ts';
import { shownSteps } from '../../cluster/providers/steps.ts';
import type { CommandContext } from '../context/command-context.ts';
import { withMembers } from '../context/member-control.ts';
import { style } from '../terminal/printer.ts';

interface RecoverFlags {
  from: string;
  yes?: boolean;
  json?: boolean;
}

const help = `
For a shard of which so few members have their data that no quorum can be started, and whose other folders cannot be put
back. It is tried first: a shard that comes to a leader is left as it is. Otherwise what is planned and what may be lost is
said, and nothing is done without a yes. Run again after an interruption, it begins with the same member anew; once that one
leads, \`make up\` goes on with the others.

Exit codes: 0 recovered, or nothing was to be; 1 failed; 2 wrong use, or no yes.`;

export function addRecoverCommand(shard: Command): void {
  shard
    .command('recover')
    .description('Make a shard without a quorum anew of what one of its members has; what it lacks is lost.')
    .argument('<id>', 'its number, or its name such as etcd-2')
    .requiredOption('--from <member>', 'whose data it gets, such as etcd-2-1')
    .option('--yes', 'do it without asking: for scripts')
    .option('--json', 'print JSON, one document per line')
    .addHelpText('after', help)
    .action((id: string, flags: RecoverFlags) =>
      withMembers(flags, (members, context) => recover(members, shardIdOf(id), flags, context)),
    );
}

function shardIdOf(text: string): number {
  const id = /^(?:etcd-)?([1-9]\d{0,6})$/.exec(text)?.[1];
  if (id === undefined) throw new UsageError('a shard is a number such as 2, or its name such as etcd-2');
  return Number(id);
}

async function recover(
  members: MemberControl,
  id: number,
  { from, yes }: RecoverFlags,
  { printer, options: { reporter, signal } }: CommandContext,
): Promise<void> {
  const steps = shownSteps(reporter);
  const options = { signal, report: steps.report };
  const recovery = await members.planRecovery(id, from, options);
  if (recovery !== null) {
    printer.note(describeRecovery(recovery), { event: 'plan', ...recovery });
    if (yes !== true) await demandYes(id, signal);
  }
  const done = recovery && (await steps.during(members.recover(id, from, options)));
  printer.result(done ?? `Shard ${id} has a leader: nothing is recovered.`, {
    event: done === null ? 'unchanged' : 'recovered',
    shard: id,
    from,
  });
}

function describeRecovery({ plan, loss }: Recovery): string {
  return [plan, ...loss.map((sentence) => style.warning(sentence))].join('\n');
}

/** @throws UsageError without a yes, or without a terminal to ask on. */
async function demandYes(id: number, signal: AbortSignal): Promise<void> {
  const refused = new UsageError('nothing was done; `--yes` does it without asking');
  if (!process.stdin.isTTY) throw refused;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`Type etcd-${id} to do it: `, { signal });
    if (answer.trim() !== `etcd-${id}`) throw refused;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.close();
  }
}
