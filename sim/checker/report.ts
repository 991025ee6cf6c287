/** Writes a verdict as text, for people, and as plain data, for `--json`. */
import type { History } from './history/history-reader.ts';
import { toHistoryLine } from './history/history-lines.ts';
import { limits } from './history/limits.ts';
import { describeAction, describeMs, describeOutcome } from './history/operation-text.ts';
import type { HistoryVerdict, KeyVerdict } from './verdict.ts';

type Illegal = Extract<KeyVerdict, { kind: 'illegal' }>;

/** Several lines: the verdict, then each key that is not ok. */
export function describeVerdict(history: History, verdict: HistoryVerdict): string {
  const illegal = verdict.keys.filter((key) => key.kind === 'illegal');
  const unknown = verdict.keys.filter((key) => key.kind === 'unknown');
  const lines = [headline(history, verdict)];
  for (const key of illegal.slice(0, limits.printedKeysMax)) lines.push('', ...describeIllegal(history, key));
  const hidden = illegal.length - limits.printedKeysMax;
  if (hidden > 0) lines.push('', `${hidden} more keys are not linearizable; --json names them all.`);
  for (const key of unknown.slice(0, limits.printedKeysMax)) {
    lines.push(
      '',
      `${nameOf(key)}: not decided after ${key.order.length} of ${key.operations} operations: out of ${key.exhausted}.`,
    );
  }
  return lines.join('\n');
}

function headline(history: History, { kind, keys }: HistoryVerdict): string {
  const open = history.operations.filter(({ outcome }) => outcome.kind === 'open').length;
  const counts = `${count(history.operations.length, 'operation')} on ${count(keys.length, 'key')}, ${open} of unknown outcome`;
  switch (kind) {
    case 'ok':
      return `Linearizable: ${counts}.`;
    case 'illegal':
      return `Not linearizable: ${counts}; ${count(keys.filter((key) => key.kind === kind).length, 'key')} illegal.`;
    case 'unknown':
      return `Unknown: ${counts}; ${count(keys.filter((key) => key.kind === kind).length, 'key')} not decided.`;
  }
}

function describeIllegal(history: History, verdict: Illegal): string[] {
  const { order, blocked, against, reason } = verdict;
  const lines = [`${nameOf(verdict)}: not linearizable. The longest linearizable prefix:`, ''];
  const first = Math.max(0, order.length - limits.printedPrefixMax);
  if (first > 0) lines.push(`       … ${count(first, 'operation')} before these`);
  for (let step = first; step < order.length; step++) {
    lines.push(`${String(step + 1).padStart(6)}  ${describeOperation(history, order[step]!)}`);
  }
  lines.push(
    '',
    'The operation that cannot be placed:',
    '',
    `     ✗  ${describeOperation(history, blocked)}`,
  );
  lines.push('', `        ${reason[0]!.toUpperCase()}${reason.slice(1)}.`);
  if (against !== undefined)
    lines.push('', 'It contradicts:', '', `        ${describeOperation(history, against)}`);
  return lines;
}

function describeOperation({ operations, timesNs }: History, index: number): string {
  const operation = operations[index]!;
  const start = timesNs[0]!;
  const from = describeMs(timesNs[operation.invoked]! - start);
  const to = operation.outcome.kind === 'open' ? '…' : describeMs(timesNs[operation.returned]! - start);
  const what = `${describeAction(operation)}: ${describeOutcome(operation)}`;
  return `process ${operation.process}  ${what}  (${from} to ${to} ms)`;
}

function nameOf({ key }: KeyVerdict): string {
  return key === null ? 'The register' : `Key ${JSON.stringify(key)}`;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

/** The verdict as JSON: `verdict` is ok, illegal or unknown; operations are the lines that completed them. */
export function verdictToJson(history: History, { kind, keys }: HistoryVerdict): object {
  const line = (index: number): object => {
    const operation = history.operations[index]!;
    const time = history.timesNs[operation.returned]!;
    return { ...toHistoryLine(operation, time, true), invoked: history.timesNs[operation.invoked]! };
  };
  return {
    verdict: kind,
    operations: history.operations.length,
    keys: keys.length,
    illegal: keys
      .filter((key) => key.kind === 'illegal')
      .map(({ key, order, blocked, against, reason }) => ({
        key,
        reason,
        blocked: line(blocked),
        against: against === undefined ? null : line(against),
        prefix: order.map(line),
      })),
    unknown: keys
      .filter((key) => key.kind === 'unknown')
      .map(({ key, operations, order, exhausted }) => ({ key, operations, placed: order.length, exhausted })),
  };
}
