/** The properties that are checked after a run, and not watched during it. */
import { checkHistory } from '../../checker/check-history.ts';
import type { KeyVerdict } from '../../checker/verdict.ts';
import type { Operation } from '../../checker/history/operation.ts';
import type { HistoryRecorder } from './history-recorder.ts';
import { shownKey } from '../scenario/key-names.ts';
import { mayUndo } from '../scenario/fault-traits.ts';
import type { OwnershipWatch } from './ownership-watch.ts';
import type { Change, Scenario } from '../scenario/scenario.ts';
import type { Violations } from './violations.ts';

export interface FinishedRun {
  scenario: Scenario;
  recorder: HistoryRecorder;
  history: readonly Operation[];
  ownership: OwnershipWatch;
  violations: Violations;
  /** Attempts that failed because a watch did not tell all; a move is given up after a few. Sound watches cause none. */
  movesUnproven: number;
}

/**
 * A run in which fewer operations succeeded has proved nothing. Low, because two long power failures of the one shard that
 * has the keys are a fair scenario; that the runs together are rich is asked of the whole search.
 */
const okOperationsMin = 10;

export function checkProperties(run: FinishedRun): void {
  checkLinearizable(run);
  checkApplied(run);
  checkNotVacuous(run);
}

function checkLinearizable({ history, violations }: FinishedRun): void {
  for (const verdict of checkHistory(history).keys) {
    if (verdict.kind === 'ok') continue;
    if (verdict.kind === 'unknown')
      violations.add('unknown', `key ${shownKey(String(verdict.key))}: too hard to judge within the bounds`);
    else
      violations.add('linearizable', `key ${shownKey(String(verdict.key))}: ${describe(verdict, history)}`);
  }
}

function describe(
  verdict: Extract<KeyVerdict, { kind: 'illegal' }>,
  operations: readonly Operation[],
): string {
  const { action, outcome } = operations[verdict.blocked]!;
  return `${JSON.stringify(action)} with ${JSON.stringify(outcome)} cannot be placed: ${verdict.reason}`;
}

/**
 * Compares with the writes that the members have applied: a write whose writer was told "certainly not applied" is nowhere; one
 * whose writer was told "applied" is somewhere; and no write was applied twice, by any shards.
 */
function checkApplied({ ownership, recorder, violations }: FinishedRun): void {
  const { applied } = ownership;
  ownership.checkAppliedOnce();
  for (const value of recorder.failed) {
    if (applied.has(value))
      violations.add('definite_failures_never_applied', `value ${value} failed definitely and was applied`);
  }
  for (const value of recorder.acknowledged) {
    if (!applied.has(value))
      violations.add('acknowledged_applied', `value ${value} was acknowledged and no member has it`);
  }
}

function checkNotVacuous({ scenario, recorder, violations, ownership, movesUnproven }: FinishedRun): void {
  const { ok } = recorder.counts;
  if (ok < Math.min(okOperationsMin, scenario.workload.operations / 5))
    violations.add('vacuous', `only ${ok} operations succeeded`);
  const mustMove =
    movesUnproven === 0 &&
    !scenario.faults.some(mayUndo) &&
    scenario.moves.some((change) => change.kind === 'add_shard' || isToBeDone(change));
  if (mustMove && ownership.movesDone === 0 && scenario.topology.shards > 1)
    violations.add('vacuous', 'no move was completed');
}

function isToBeDone(change: Change): boolean {
  return change.kind === 'move' && change.abortAfterMs === null;
}
