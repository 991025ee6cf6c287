/** `vase nemesis`: works on the cluster that is up, strikes it with faults, heals it, and judges the history. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { stateRoot, withContext, type CommandContext } from '../command-context.ts';
import { exitCodeOf, type LiveResult } from '../live/live-result.ts';
import { runLive, type LiveProgress } from '../live/run-live.ts';
import { style } from '../printer.ts';

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

Exit codes: 0 linearizable, 1 failed or too little happened, 2 wrong use, 3 not well after healing, 4 not linearizable,
6 unknown.`;

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

function describeResult(result: LiveResult): string {
  const { ok, failed, unknown } = result.operations;
  const paint = exitCodeOf(result) === 0 ? style.good : style.bad;
  const faults = Object.entries(result.faults).map(([kind, count]) => `${count} ${kind.replace('_', ' ')}`);
  return [
    paint(result.explanation),
    ...result.shortcomings.map((what) => `${style.warning('!')} ${what}`),
    `Operations: ${ok} ok, ${failed} failed, ${unknown} unknown. Seed ${result.seed}.`,
    `Faults: ${faults.join(', ')}.`,
    result.isHealthy ? 'The cluster is well.' : style.bad('The cluster is not well: run `make status`.'),
    `Report: ${join(result.folder, 'report.html')}`,
  ].join('\n');
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : -1;
    if (number < min || number > max)
      throw new InvalidArgumentError(`must be a whole number from ${min} to ${max}.`);
    return number;
  };
}
