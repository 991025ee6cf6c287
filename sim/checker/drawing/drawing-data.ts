/** The data that the drawing of a history shows, as they are embedded in the page. viewer.js draws them. */
import type { History } from '../history/history-reader.ts';
import type { Fault } from '../history/history-line.ts';
import { limits } from '../history/limits.ts';
import type { Operation } from '../history/operation.ts';
import { describeAction, describeOutcome } from '../history/operation-text.ts';
import type { HistoryVerdict, KeyVerdict } from '../verdict.ts';
import { pointsOf } from './linearization-points.ts';
import { statesAlong } from './states-along.ts';

/** Times are milliseconds since the first event of the history. */
export interface DrawnOperation {
  process: number;
  kind: Operation['action']['kind'];
  outcome: Operation['outcome']['kind'];
  action: string;
  result: string;
  from: number;
  /** null: open. */
  to: number | null;
  /** Place in the linearization, from 1; 0: not in it. */
  step: number;
  /** The moment of effect that the drawing gives it; null when it is not in the linearization. */
  at: number | null;
  /** What the register holds after it; null when it is not in the linearization. */
  state: string | null;
}

export interface DrawnKey {
  key: string | null;
  verdict: KeyVerdict['kind'];
  sentence: string;
  /** Operations of the key; when there are too many, `drawn` has only those around the failure. */
  total: number;
  /** By `from`. */
  drawn: DrawnOperation[];
  /** Index into `drawn`, or -1. */
  blocked: number;
  against: number;
}

/** A finding besides the operations, in a span of the history. */
export interface DrawnFinding {
  /** "no-answer" */
  name: string;
  /** One sentence, without the full stop. */
  what: string;
  fromNs: number;
  /** null: to the end of the history. */
  untilNs: number | null;
}

export interface Drawing {
  verdict: HistoryVerdict['kind'];
  operations: number;
  keyCount: number;
  keys: DrawnKey[];
  faults: { name: string; from: number; to: number }[];
  findings: { name: string; what: string; from: number; to: number }[];
  end: number;
}

const severity = { illegal: 0, unknown: 1, ok: 2 } as const;

export function toDrawing(
  history: History,
  verdict: HistoryVerdict,
  findings: readonly DrawnFinding[] = [],
): Drawing {
  const start = history.timesNs[0]!;
  const end = (history.timesNs.at(-1)! - start) / 1e6;
  const members = Map.groupBy(history.operations.keys(), (index) => history.operations[index]!.key);
  const keys = verdict.keys
    .toSorted((a, b) => severity[a.kind] - severity[b.kind])
    .slice(0, limits.drawnKeysMax)
    .map((key) => drawKey(history, key, members.get(key.key)!));
  return {
    verdict: verdict.kind,
    operations: history.operations.length,
    keyCount: verdict.keys.length,
    keys,
    faults: history.faults.map((fault) => drawFault(fault, start, end)),
    findings: findings.map((finding) => ({ ...drawFault(finding, start, end), what: finding.what })),
    end,
  };
}

function drawFault({ name, fromNs, untilNs }: Fault, start: number, end: number): Drawing['faults'][number] {
  return { name, from: (fromNs - start) / 1e6, to: untilNs === null ? end : (untilNs - start) / 1e6 };
}

function drawKey(history: History, verdict: KeyVerdict, all: readonly number[]): DrawnKey {
  const { operations, timesNs } = history;
  const last = timesNs.length - 1;
  const ms = (moment: number): number => (timesNs[Math.min(moment, last)]! - timesNs[0]!) / 1e6;
  const points = pointsOf(operations, verdict.order);
  const states = statesAlong(operations, verdict.order);
  const steps = new Map(verdict.order.map((index, step) => [index, step]));
  const blocked = verdict.kind === 'illegal' ? verdict.blocked : -1;
  const shown = around(all, verdict.kind === 'illegal' ? all.indexOf(verdict.blocked) : 0, verdict.kind);

  const drawn = shown.map((index): DrawnOperation => {
    const operation = operations[index]!;
    const step = steps.get(index);
    const point = step === undefined ? undefined : points[step]!;
    return {
      process: operation.process,
      kind: operation.action.kind,
      outcome: operation.outcome.kind,
      action: describeAction(operation),
      result: describeOutcome(operation),
      from: ms(operation.invoked),
      to: operation.outcome.kind === 'open' ? null : ms(operation.returned),
      step: step === undefined ? 0 : step + 1,
      at: point === undefined ? null : interpolate(point, ms),
      state: step === undefined ? null : states[step]!,
    };
  });
  return {
    key: verdict.key,
    verdict: verdict.kind,
    sentence: sentenceOf(verdict),
    total: all.length,
    drawn,
    blocked: shown.indexOf(blocked),
    against:
      verdict.kind === 'illegal' && verdict.against !== undefined ? shown.indexOf(verdict.against) : -1,
  };
}

/** A key without a failure needs no more than a sample. */
function around(all: readonly number[], centre: number, kind: KeyVerdict['kind']): number[] {
  const most = kind === 'ok' ? limits.drawnOperationsOfGoodKeyMax : limits.drawnOperationsMax;
  const first = Math.max(0, Math.min(centre - (most >>> 1), all.length - most));
  return all.slice(first, first + most);
}

/** Moments are whole numbers; a point between two of them gets a time between theirs. */
function interpolate(point: number, ms: (moment: number) => number): number {
  const below = Math.floor(point);
  return point === below ? ms(below) : ms(below) + (point - below) * (ms(below + 1) - ms(below));
}

function sentenceOf(verdict: KeyVerdict): string {
  switch (verdict.kind) {
    case 'ok':
      return 'Linearizable: the numbers are one order in which the operations can have taken effect.';
    case 'illegal':
      return `The operation in red cannot be placed: ${verdict.reason}.`;
    case 'unknown':
      return `Not decided: the search ran out of ${verdict.exhausted}. The numbers are as far as it got.`;
  }
}
