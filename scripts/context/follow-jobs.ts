/** Records jobs at the view server and shows their progress. The view server does the work: the follower may leave. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../cluster/errors.ts';
import type { Job } from '../../cluster/viewserver/jobs/job.ts';
import type { Progress } from '../../cluster/viewserver/jobs/progress-meter.ts';
import type { CommandContext } from './command-context.ts';
import { style } from '../terminal/printer.ts';
import { describeBytes, drawTable } from '../terminal/table.ts';
import type { PlannedMoves, ViewClient } from './view-client.ts';

/** People read no faster. */
const lookMs = 300;

export interface JobRequest {
  method: 'POST' | 'DELETE';
  path: string;
  body: object;
}

/**
 * Shows the plan for `--dry-run`, else asks for it and follows it to its end.
 * @throws ClusterError when a job fails, or when it is interrupted: the message says that the view server goes on.
 */
export async function planOrCarryOut(
  { method, path, body }: JobRequest,
  flags: { dryRun?: boolean; wait?: boolean },
  { client, printer, signal }: CommandContext & { client: ViewClient },
): Promise<void> {
  if (flags.dryRun === true) {
    const plan = await client.plan(method, path, body);
    printer.result(describePlan(plan), { event: 'planned', ...plan });
    return;
  }
  const jobs = await client.record(method, path, body, randomUUID());
  if (flags.wait === false) {
    printer.result(jobs.map(describeJob).join('\n'), { event: 'recorded', jobs });
    return;
  }
  const ended: Job[] = [];
  try {
    for (const job of jobs) ended.push(await follow(job, { client, printer, signal }));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new ClusterError('interrupted; the view server goes on with it', {
      nextStep: '`vase view` shows how far it is; `vase view --abort JOB` takes it back.',
    });
  }
  printer.result(ended.map(describeJob).join('\n'), { event: 'ended', jobs: ended });
  const failed = ended.find(({ state }) => state !== 'done');
  if (failed !== undefined) throw new ClusterError(`${describeWork(failed)} ${failed.state}: ${failed.note}`);
}

async function follow(
  { id }: Job,
  { client, printer, signal }: Pick<CommandContext, 'printer' | 'signal'> & { client: ViewClient },
): Promise<Job> {
  let shown = '';
  for (;;) {
    const { job, progress } = await client.job(id);
    if (job.endedAt !== null) return job;
    const back = job.abort ? 'being taken back; ' : '';
    const text = `${describeWork(job)}: ${back}${job.note}${describeProgress(progress)}`;
    if (text !== shown) printer.progress(text, { event: 'progress', job, progress });
    shown = text;
    await delay(lookMs, undefined, { signal });
  }
}

/** Empty while no slot is on its way. */
export function describeProgress(progress: Progress): string {
  const { slotsTotal, slotsMoved, keysCopied, bytesCopied, keysPerSecond, secondsLeft } = progress;
  if (slotsMoved === slotsTotal) return '';
  const left = secondsLeft === null ? '' : `, about ${secondsLeft} s left`;
  return `; ${slotsMoved} of ${slotsTotal} slots, ${keysCopied} keys, ${describeBytes(bytesCopied)}, ${keysPerSecond} keys/s${left}`;
}

export function describeJob(job: Job): string {
  const paint = { done: style.good, failed: style.bad, aborted: style.warning }[job.state as string];
  const state = job.abort && job.endedAt === null ? 'being taken back' : job.state;
  const text = `${describeWork(job)}: ${state}, ${job.note}`;
  return paint === undefined ? text : paint(text);
}

function describeWork({ work }: Job): string {
  switch (work.kind) {
    case 'add-shard':
      return work.shard === null ? 'add a shard' : `add shard ${work.shard}`;
    case 'remove-shard':
      return `remove shard ${work.shard}`;
    case 'rebalance':
      return 'rebalance';
    case 'move':
      return `move ${work.slots.length} slots to shard ${work.to}`;
    case 'unknown':
      return `${String(work.recorded['kind'])}, which this version does not know`;
  }
}

function describePlan({ shards, slots, moves, fills }: PlannedMoves): string {
  const whom = shards === undefined ? '' : ` (${shards.join(', ')})`;
  if (moves.length === 0) return `Nothing would move${whom}.`;
  const rows = moves.map((move) => [move.from, move.to, move.count, move.slots]);
  const full = fills.map(({ shard, percentNow, percentAfter, isTooFull }) => [
    shard,
    `${percentNow} %`,
    isTooFull ? style.bad(`${percentAfter} %: too full, it will be refused`) : `${percentAfter} %`,
  ]);
  return [
    `${slots} slots would move${whom}:`,
    drawTable(['from', 'to', 'slots', 'which'], rows),
    ...(full.length === 0 ? [] : [drawTable(['shard', 'of its quota now', 'afterwards'], full)]),
  ].join('\n');
}
