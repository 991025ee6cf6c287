/** The result of a live run: the verdict on its history, whether enough happened for it to mean anything, and the files. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterStatus } from '../../cluster/providers/provider.ts';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { drawHistory } from '../../sim/checker/drawing/draw-history.ts';
import type { DrawnFinding } from '../../sim/checker/drawing/drawing-data.ts';
import { readDrawingAssets } from '../../sim/checker/drawing/drawing-assets.ts';
import { readHistoryFile } from '../../sim/checker/history/history-file.ts';
import { describeVerdict } from '../../sim/checker/report.ts';
import type { HistoryVerdict } from '../../sim/checker/verdict.ts';
import { sharderFaultKinds, shardFaultKinds, type FaultKind } from './fault-plan.ts';
import { tellFindings, type Finding, type ToldFinding } from './finding.ts';
import type { LiveRecorder } from './live-recorder.ts';
import { findSilences, type ClusterNames } from './silences.ts';
import type { Traffic } from './traffic.ts';

/** A tenth of the rate of an idle machine of two cores while faults last. */
const okPerSecondMin = 20;
/** After this time, each lane of the nemesis has had time for each of its kinds. */
const allKindsDurationMs = 60_000;
const firstKinds: readonly FaultKind[] = ['pause_leader', 'kill_leader', ...sharderFaultKinds];
const allKinds: readonly FaultKind[] = [...shardFaultKinds, ...sharderFaultKinds];

export interface RunSettings {
  seed: number;
  /** How long faults strike. */
  durationMs: number;
  /** A new folder for history.jsonl, report.html and summary.json. */
  folder: string;
}

export interface LiveResult extends RunSettings {
  verdict: HistoryVerdict['kind'];
  /** Several lines. */
  explanation: string;
  /** Whether the cluster was well, and every key could be read, once the faults were undone. */
  isHealthy: boolean;
  /** What was wrong without a fault of the run, in the order of time. */
  findings: readonly ToldFinding[];
  operations: { ok: number; failed: number; unknown: number };
  faults: Record<FaultKind, number>;
  /** Why the verdict says nothing although it is ok, or what is wrong with the cluster: sentences without a full stop. */
  shortcomings: readonly string[];
}

export interface RunEnd {
  settings: RunSettings;
  healed: ClusterStatus;
  /** Reads that did not succeed on the healed cluster. */
  unread: readonly string[];
  /** Processes that ended and were not struck. */
  ended: readonly Finding[];
  traffic: Traffic;
  recorder: LiveRecorder;
  fired: Record<FaultKind, number>;
}

/** Judges the history as it stands in the file, as `vase check` would, and writes the report and the summary beside it. */
export async function concludeRun(end: RunEnd): Promise<LiveResult> {
  const { settings, healed, unread, ended, recorder, fired } = end;
  const { folder, seed, durationMs } = settings;
  const history = await readHistoryFile(join(folder, 'history.jsonl'));
  const verdict = checkHistory(history.operations);
  const silences = findSilences(history, recorder.struck, namesIn(healed));
  const findings = tellFindings([...ended, ...silences]);
  const result: LiveResult = {
    seed,
    durationMs,
    verdict: verdict.kind,
    explanation: describeVerdict(history, verdict),
    isHealthy: healed.health === 'ready' && unread.length === 0,
    findings,
    operations: recorder.counts,
    faults: fired,
    shortcomings: [
      ...healed.problems.map(({ what }) => what),
      ...unread.map((what) => `no final read of ${what}`),
      ...findVacuity(end),
    ],
    folder,
  };
  await writeFile(
    join(folder, 'report.html'),
    drawHistory(history, verdict, readDrawingAssets(), findings.map(toDrawn)),
  );
  await writeFile(join(folder, 'summary.json'), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

function namesIn({ shards, sharders }: ClusterStatus): ClusterNames {
  return {
    shards: shards.map(({ name, members }) => ({ name, members: members.map((member) => member.name) })),
    sharders: sharders.map(({ name }) => name),
  };
}

function toDrawn({ kind, what, fromMs, untilMs }: ToldFinding): DrawnFinding {
  return { name: kind, what, fromNs: fromMs * 1e6, untilNs: untilMs === null ? null : untilMs * 1e6 };
}

/**
 * 0 linearizable, 4 not, 6 unknown, 3 not healthy after healing, 7 a finding, 1 linearizable and too little happened. The
 * first in this order decides: 4, 6, 3, 7, 1.
 */
export function exitCodeOf({ verdict, isHealthy, findings, shortcomings }: LiveResult): number {
  if (verdict !== 'ok') return { illegal: 4, unknown: 6 }[verdict];
  if (!isHealthy) return 3;
  if (findings.length > 0) return 7;
  return shortcomings.length === 0 ? 0 : 1;
}

/** A run in which nothing happened proves nothing. */
function findVacuity({ settings, healed, traffic, recorder, fired }: RunEnd): string[] {
  const okMin = Math.floor((okPerSecondMin * settings.durationMs) / 1000);
  const found: string[] = [];
  if (recorder.counts.ok < okMin)
    found.push(`only ${recorder.counts.ok} operations were answered, not ${okMin}`);
  for (const { name } of traffic.keys)
    if (!recorder.acknowledgedWrites.has(name)) found.push(`no write of ${name} was acknowledged`);
  const hasFollowers = healed.shards.some(({ members }) => members.length > 1);
  const kinds = settings.durationMs >= allKindsDurationMs && hasFollowers ? allKinds : firstKinds;
  for (const kind of kinds) if (fired[kind] === 0) found.push(`no fault of the kind ${kind} fell`);
  return found;
}
