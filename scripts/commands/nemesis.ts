/** `vase nemesis`: works on the running cluster, strikes it with faults, heals it, and judges the history. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { withContext, type CommandContext } from '../context/command-context.ts';
import { stateRoot } from '../context/places.ts';
import { describeResult } from '../live/describe-result.ts';
import { exitCodeOf } from '../live/live-result.ts';
import { runLive, type LiveProgress } from '../live/run-live.ts';

/** Below it, not every kind of fault has its turn. */
const durationSecondsMin = 20;
/** The history is judged in memory. */
const durationSecondsMax = 3600;

interface NemesisFlags {
  duration: number;
  seed?: number;
  json?: boolean;
}

const help = `
Kills and pauses members (leaders first) and sharders, now and then a shard's quorum, one at a time in each shard, while
clients read and write; then undoes all of it. Ctrl-C undoes it, too. The history, a report to look at and a summary are
left in runs/ of the state folder.

It watches what no fault explains, too, and names what it finds: "process-ended", a member, a sharder or a view server
that ended, or was started again, and was not struck; "no-answer", a shard that answered none of its clients for more
than 10 s outside of its own faults.

Exit codes: 0 linearizable, 1 failed or too little happened, 2 wrong use, 3 not well after healing, 4 not linearizable,
6 unknown, 7 linearizable and well at the end, with such a finding.`;

export function addNemesisCommand(program: Command): void {
  program
    .command('nemesis')
    .description('Strike the cluster that is up with faults, and judge whether it stays linearizable.')
    .option(
      '--duration <seconds>',
      'how long faults strike',
      wholeNumber(durationSecondsMin, durationSecondsMax),
      60,
    )
    .option(
      '--seed <number>',
      'faults and workload are drawn from it (default: any)',
      wholeNumber(0, 2 ** 31 - 1),
    )
    .option('--json', 'print JSON, one document per line')
    .addHelpText('after', help)
    .action((flags: NemesisFlags) => withContext(flags, (context) => strike(flags, context)));
}

async function strike(flags: NemesisFlags, { provider, printer, signal }: CommandContext): Promise<void> {
  const seed = flags.seed ?? randomInt(2 ** 31);
  const startedAt = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const folder = join(stateRoot(), 'runs', `live-${startedAt}-${seed}`);
  printer.progress(`seed ${seed}`, { event: 'started', seed, folder });
  const result = await runLive(provider, {
    seed,
    durationMs: flags.duration * 1000,
    folder,
    signal,
    onProgress: (progress) =>
      printer.progress(describeProgress(progress), { event: 'progress', ...progress }),
  });
  printer.result(describeResult(result), { event: 'judged', ...result });
  process.exitCode = exitCodeOf(result);
}

function describeProgress({ ok, failed, unknown, faults, leftMs }: LiveProgress): string {
  const left = leftMs > 0 ? `${Math.ceil(leftMs / 1000)} s left` : 'healing';
  return `${left.padStart(9)}  ${ok} ok, ${failed} failed, ${unknown} unknown  ${faults.join('; ')}`;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    if (number < min || number > max)
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
    return number;
  };
}
