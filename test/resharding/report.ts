/** The report of resharding runs: JSON with every second, and a page of Markdown with the verdicts and the figures. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CrashResult } from './kill-in-phases.ts';
import type { GrowthResult } from './grow-and-shrink.ts';
import type { ScalingResult } from './scale-by-latency.ts';

export interface Results {
  calm?: GrowthResult;
  unthrottled?: GrowthResult;
  faults?: GrowthResult;
  crashes?: CrashResult[];
  scaling?: ScalingResult;
}

export interface Claim {
  what: string;
  found: string;
  holds: boolean;
}

const frozenMsMax = 50;
const latencyFactorMax = 3;
const keysPerSecondMin = 10_000;

function judge({ calm, unthrottled, faults, crashes, scaling }: Results): Claim[] {
  return [
    ...(calm === undefined ? [] : [...judgeData('without faults', calm), ...judgeCalm(calm)]),
    ...(unthrottled === undefined
      ? []
      : [...judgeData('unthrottled', unthrottled), ...judgeSpeed(unthrottled)]),
    ...(faults === undefined ? [] : [...judgeData('with faults', faults), ...judgeFaults(faults)]),
    ...(crashes ?? []).map(({ work, moment, struck, problem, seconds }) =>
      claim(
        `${work}, view server killed at "${moment}": completes by itself, no key lost`,
        problem ?? `${struck ? 'killed' : 'the moment did not come'}, ${seconds.toFixed(1)} s`,
        struck && problem === null,
      ),
    ),
    ...(scaling === undefined ? [] : judgeScaling(scaling)),
  ];
}

function judgeData(what: string, run: GrowthResult): Claim[] {
  const when = `${what}, ${run.members === 1 ? '1 member' : '3 members'} a shard`;
  const { wrongCount, checkedReads, acknowledgedWrites, verdict, historyOperations } = run;
  return [
    claim(
      `${when}: every read gave what was acknowledged`,
      `${wrongCount} wrong of ${checkedReads} reads, ${acknowledgedWrites} writes`,
      wrongCount === 0 && checkedReads > 0,
    ),
    claim(
      `${when}: the history is linearizable`,
      `${verdict}, ${historyOperations} operations`,
      verdict === 'ok' && historyOperations > 500,
    ),
  ];
}

function judgeCalm(run: GrowthResult): Claim[] {
  const { before, during, frozenMs } = run;
  return [
    judgeRequests(run),
    claim(
      `p99 while slots move is at most ${latencyFactorMax} times that before`,
      `${before.p99Ms.toFixed(1)} ms before, ${during.p99Ms.toFixed(1)} ms during (medians of seconds)`,
      during.p99Ms <= latencyFactorMax * before.p99Ms,
    ),
    claim(
      `a slot is frozen for at most ${frozenMsMax} ms at p99`,
      `p50 ${frozenMs.p50.toFixed(1)}, p99 ${frozenMs.p99.toFixed(1)}, max ${frozenMs.max.toFixed(1)} ms in ${frozenMs.moves} moves`,
      frozenMs.moves > 0 && frozenMs.p99 <= frozenMsMax,
    ),
  ];
}

/** As fast as it goes: users wait longer, and nothing fails. */
function judgeSpeed(run: GrowthResult): Claim[] {
  const { keysPerSecondMax, keysPerSecond } = run;
  const rates = Object.entries(keysPerSecond);
  const perJob = rates.map(([job, rate]) => `${rate} over "${job}"`);
  return [
    judgeRequests(run),
    claim(
      `at least ${keysPerSecondMin} keys a second are moved`,
      `${keysPerSecondMax} at most; ${perJob.join(', ')}`,
      Math.max(...rates.map(([, rate]) => rate)) >= keysPerSecondMin,
    ),
  ];
}

function judgeRequests({ failed, unknown }: GrowthResult): Claim {
  return claim('no request fails', `${failed} failed, ${unknown} unknown`, failed + unknown === 0);
}

function judgeFaults({ strikes, seconds }: GrowthResult): Claim[] {
  const { leaders, viewServers } = strikes;
  const served = seconds.filter(({ ok }) => ok > 0).length;
  return [
    claim(
      'faults fell',
      `${leaders} etcd leaders and ${viewServers} view servers killed`,
      leaders > 2 && viewServers > 2,
    ),
    claim(
      'the cluster went on serving',
      `${served} of ${seconds.length} seconds`,
      served > 0.8 * seconds.length,
    ),
  ];
}

function judgeScaling({ counts, decisions, wrongCount }: ScalingResult): Claim[] {
  const kinds = decisions.filter(({ isCarriedOut }) => isCarriedOut).map(({ kind }) => String(kind));
  const grows = kinds.findIndex((kind) => kind === 'remove-shard');
  const rises = kinds.slice(0, grows < 0 ? undefined : grows);
  const falls = grows < 0 ? [] : kinds.slice(grows);
  return [
    claim(
      'the autoscaler adds a shard under load and returns to the former count, without flapping',
      `shards ${counts.join(' → ')}; decisions ${kinds.join(', ')}`,
      rises.length > 0 &&
        counts.at(-1) === counts[0] &&
        rises.every((kind) => kind === 'add-shard') &&
        falls.every((kind) => kind === 'remove-shard') &&
        rises.length === falls.length,
    ),
    claim('no read was wrong while it scaled', `${wrongCount} wrong`, wrongCount === 0),
  ];
}

function claim(what: string, found: string, holds: boolean): Claim {
  return { what, found, holds };
}

export async function writeReport(folder: string, results: Results): Promise<Claim[]> {
  const claims = judge(results);
  await writeFile(join(folder, 'report.json'), `${JSON.stringify({ claims, ...results }, null, 1)}\n`);
  await writeFile(join(folder, 'report.md'), markdown(claims, results));
  return claims;
}

function markdown(claims: readonly Claim[], { calm, unthrottled, faults, scaling }: Results): string {
  const lines = ['# Resharding', '', '| holds | what | found |', '| --- | --- | --- |'];
  for (const { what, found, holds } of claims)
    lines.push(`| ${holds ? 'yes' : '**no**'} | ${what} | ${found} |`);
  for (const [title, run] of [
    ['Without faults', calm],
    ['Without faults, as fast as it goes', unthrottled],
    ['With faults', faults],
  ] as const) {
    if (run === undefined) continue;
    lines.push('', `## ${title}, second by second`, '');
    lines.push(
      '| s | what | ok/s | p50 ms | p99 ms | failed | unknown | slots moved |',
      '| ---: '.repeat(8) + '|',
    );
    for (const [index, second] of run.seconds.entries()) {
      const { note, ok, p50Ms, p99Ms, failed, unknown, slotsMoved } = second;
      lines.push(
        `| ${index} | ${note} | ${ok} | ${p50Ms} | ${p99Ms} | ${failed} | ${unknown} | ${slotsMoved} |`,
      );
    }
  }
  if (scaling !== undefined) {
    lines.push('', '## The autoscaler, decision by decision', '', '| at | shards | decision | reason |');
    lines.push('| --- | ---: | --- | --- |');
    for (const decision of scaling.decisions) {
      const { shards } = decision['sample'] as { shards: number };
      lines.push(
        `| ${String(decision['at'])} | ${shards} | ${String(decision['kind'])} | ${String(decision['reason'])} |`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
